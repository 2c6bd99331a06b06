"""Counts kept label maps against the truth: over the set, in bands at boundaries, by image."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.evaluation.trimap import Trimap, boundary_distance, count_in_bands
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.records.example import Example


def score(
    examples: Iterable[Example],
    folders: Sequence[EvaluationFolder],
    class_names: Sequence[str],
    widths: Sequence[float],
    num_images_without_mask: int,
) -> list[Evaluation]:
    """Scores of the label maps that folders keep, one folder a result.

    Args:
        examples: with masks.
        folders: each holds a label map of every example.
        class_names: index is label.
        widths: of the bands, pixels, ascending.
        num_images_without_mask: images that are not scored.

    Returns:
        The results; none where every pixel of the masks is void.

    Raises:
        InputError: see `EvaluationFolder.read_label_map`.
    """
    num_classes = len(class_names)
    rings = [np.zeros([len(widths) + 1, num_classes, num_classes], np.int64) for _ in folders]
    images: list[dict[str, dict[str, Any]]] = [{} for _ in folders]
    for example in examples:
        truth = np.asarray(example.mask)
        distance = boundary_distance(truth)
        for i, folder in enumerate(folders):
            predicted = folder.read_label_map(example, num_classes)
            counts = count_in_bands(truth, predicted, distance, widths, num_classes)
            rings[i] += counts
            images[i][example.source_id] = _of_image(counts.sum(axis=0), class_names)
    results = []
    for folder, counts, scores in zip(folders, rings, images, strict=True):
        total = ConfusionMatrix(counts.sum(axis=0))
        if not total.counts.any():
            return []
        metrics = total.summary(class_names) | {
            "num_images": len(scores),
            "num_images_without_mask": num_images_without_mask,
        }
        data = folder.settings["data"]
        trimap = Trimap.of_rings(widths, counts)
        images_worst_first = dict(sorted(scores.items(), key=_rank))
        results.append(
            Evaluation(
                folder.path, folder.path, data, metrics, images_worst_first, trimap, total.counts
            )
        )
    return results


def _rank(image: tuple[str, dict[str, Any]]) -> tuple[bool, float, str]:
    """By mean IoU, the worst image first; images without a score come last."""
    source_id, scores = image
    mean_iou = scores["mean_iou"]
    return mean_iou is None, mean_iou or 0.0, source_id


def _of_image(counts: np.ndarray, class_names: Sequence[str]) -> dict[str, Any]:
    """See `Evaluation.images`."""
    matrix = ConfusionMatrix(counts)
    iou = matrix.per_class(class_names)
    named: dict[str, dict[str, int]] = {}
    for true, predicted in np.argwhere(counts):
        row = named.setdefault(class_names[true], {})
        row[class_names[predicted]] = int(counts[true, predicted])
    return {
        "mean_iou": matrix.mean_iou if named else None,
        "pixel_accuracy": matrix.pixel_accuracy if named else None,
        "classes": {name: value for name, value in iou.items() if value is not None},
        "counts": named,
    }
