"""The published idea beside ours: cleanlab's ObjectLab on what a segmentation network believes.

U. Tkachenko, A. Thyagarajan, J. Mueller, *ObjectLab: Automated Diagnosis of Mislabeled Images in
Object Detection Data*, ICML Workshop on Data-centric Machine Learning Research, 2023.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from boxsup_tf.box_quality.finding import Finding
from boxsup_tf.records.example import Example


def objectlab_findings(data: str, model: Any) -> dict[str, list[Finding]]:
    """The same boxes ranked by cleanlab's ObjectLab, with believed objects as its detections.

    Returns:
        By its own thresholds of confidence; and by such that nine in ten of these detections count
        where boxes are placed, and a quarter of them for classes and overlooked objects.
    """
    from boxsup_tf.evaluation.examples import read_examples
    from boxsup_tf.records.dataset_info import load_complete
    from boxsup_tf.records.example import decode_image

    examples = list(read_examples(data, load_complete(data), "ObjectLab", with_all=True))
    predictions = [
        _detections(model.probabilities(decode_image(example.encoded).numpy()[None])[0])
        for example in examples
    ]
    confidence = np.concatenate([rows[:, 4] for found in predictions for rows in found])
    fitted = np.quantile(confidence, [0.1, 0.75]) - 1e-6  # what equals a threshold counts
    return {
        "objectlab": _by_objectlab(examples, predictions, None, None),
        "objectlab_fitted": _by_objectlab(examples, predictions, *fitted.tolist()),
    }


def _by_objectlab(
    examples: Sequence[Example],
    predictions: Sequence[np.ndarray],
    low: float | None,
    high: float | None,
) -> list[Finding]:
    from cleanlab.object_detection import rank

    from boxsup_tf.box_quality import finding as kinds

    boxes = [each.boxes for each in examples if each.boxes is not None]
    of_object = [np.flatnonzero(~each.is_crowd & (each.labels > 0)) for each in examples]
    both: dict[str, list] = {
        "labels": [
            {"bboxes": own[numbers][:, [1, 0, 3, 2]], "labels": each.labels[numbers] - 1}
            for each, own, numbers in zip(examples, boxes, of_object, strict=True)
        ],
        "predictions": list(predictions),
    }
    placed = rank.compute_badloc_box_scores(**both, low_probability_threshold=low)
    swapped = rank.compute_swap_box_scores(**both, high_probability_threshold=high)
    overlooked = rank.compute_overlooked_box_scores(**both, high_probability_threshold=high)
    found = []
    for i, example in enumerate(examples):
        for number, *scores in zip(of_object[i], placed[i], swapped[i], strict=True):
            kind = (kinds.BADLY_PLACED, kinds.WRONG_CLASS)[int(np.argmin(scores))]
            ymin, xmin, ymax, xmax = boxes[i][number].tolist()
            label, box = int(example.labels[number]), (ymin, xmin, ymax, xmax)
            score = 1 - min(scores)
            found.append(
                Finding(example.source_id, kind, score, int(number), label, box, label, box)
            )
        rows = [row for of_class in predictions[i] for row in of_class]
        for (xmin, ymin, xmax, ymax, _), score in zip(rows, overlooked[i], strict=True):
            if not np.isnan(score):
                box, suspect = (ymin, xmin, ymax, xmax), 1 - float(score)
                found.append(
                    Finding(example.source_id, kinds.OVERLOOKED, suspect, -1, 0, None, 1, box)
                )
    return kinds.ranked(found)


def _detections(probabilities: np.ndarray) -> np.ndarray:
    """Of an image as cleanlab has them: by class [n, 5], xmin, ymin, xmax, ymax, confidence."""
    from boxsup_tf.box_quality.believed_objects import extent_yxyx, regions_of

    label_map = probabilities.argmax(axis=2)
    detections = np.empty(probabilities.shape[2] - 1, object)
    for label in range(1, probabilities.shape[2]):
        rows = [
            [*extent_yxyx(region)[[1, 0, 3, 2]], probabilities[region, label].mean()]
            for region in regions_of(label_map == label)
        ]
        detections[label - 1] = np.array(rows, float).reshape(-1, 5)
    return detections
