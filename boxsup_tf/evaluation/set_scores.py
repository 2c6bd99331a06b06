"""Counts kept label maps against the truth: over the set, in bands at boundaries, by image."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.evaluation.trimap import boundary_distance, count_in_bands
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.records.example import Example


@dataclasses.dataclass(frozen=True)
class SetScores:
    """What a model reaches on a set of images.

    Attributes:
        rings: int64 [K + 1, C, C], see `trimap.count_in_bands`.
        images: for every image by id its `mean_iou` over the classes that are true or predicted
            in it, `pixel_accuracy`, `classes`: the IoU of these classes, and `counts`: pixels
            by the names of their true and then their predicted class. The figures are None, and
            the rest empty, where the mask is all void.
    """

    rings: np.ndarray
    images: dict[str, dict[str, Any]]

    @property
    def total(self) -> ConfusionMatrix:
        """Over all images."""
        return ConfusionMatrix(self.rings.sum(axis=0))


def score(
    examples: Iterable[Example],
    folder: EvaluationFolder,
    class_names: Sequence[str],
    widths: Sequence[float],
    kinds: Sequence[bool],
) -> list[SetScores]:
    """Scores of the label maps that a folder keeps.

    Args:
        examples: with masks.
        folder: holds a label map of each.
        class_names: index is label.
        widths: of the bands, pixels, ascending.
        kinds: for every scores that are asked for, whether they are of the maps that the CRF
            refined.

    Raises:
        InputError: see `EvaluationFolder.read_label_map`.
    """
    num_classes = len(class_names)
    rings = [np.zeros([len(widths) + 1, num_classes, num_classes], np.int64) for _ in kinds]
    images: list[dict[str, dict[str, Any]]] = [{} for _ in kinds]
    for example in examples:
        truth = np.asarray(example.mask)
        distance = boundary_distance(truth)
        for kind, crf in enumerate(kinds):
            size = (example.height, example.width)
            predicted = folder.read_label_map(example.source_id, crf, size, num_classes)
            counts = count_in_bands(truth, predicted, distance, widths, num_classes)
            rings[kind] += counts
            images[kind][example.source_id] = _of_image(counts.sum(axis=0), class_names)
    return [SetScores(*pair) for pair in zip(rings, images, strict=True)]


def _of_image(counts: np.ndarray, class_names: Sequence[str]) -> dict[str, Any]:
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
