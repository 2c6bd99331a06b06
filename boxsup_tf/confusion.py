"""Mean IoU by one confusion matrix over a whole data set (PASCAL VOC's comp6 score)."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from boxsup_tf import fields


def count_pixels(truth: tf.Tensor, predicted: tf.Tensor, num_classes: int) -> tf.Tensor:
    """Counts the pixels of one image, inside a graph.

    Args:
        truth: int32, any shape; `fields.VOID` is left out.
        predicted: int32, the same shape; VOID (where nothing is claimed) is left out too.
        num_classes: background included.

    Returns:
        int64 [num_classes, num_classes], true label by predicted label.
    """
    known = (truth != fields.VOID) & (predicted != fields.VOID)
    cell = tf.boolean_mask(truth, known) * num_classes + tf.boolean_mask(predicted, known)
    counts = tf.math.bincount(
        cell, minlength=num_classes**2, maxlength=num_classes**2, dtype=tf.int64
    )
    return tf.reshape(counts, [num_classes, num_classes])


@dataclasses.dataclass(frozen=True)
class ConfusionMatrix:
    """Pixel counts over a data set, and the scores they give.

    `keras.metrics.MeanIoU` keeps these counts in float32, which stops counting at 2**24
    pixels: about ninety images of background.

    Attributes:
        counts: int64 [C, C], true label by predicted label.
    """

    counts: np.ndarray

    @classmethod
    def zeros(cls, num_classes: int) -> "ConfusionMatrix":
        return cls(np.zeros((num_classes, num_classes), np.int64))

    def __add__(self, other: "ConfusionMatrix | np.ndarray") -> "ConfusionMatrix":
        counts = other.counts if isinstance(other, ConfusionMatrix) else np.asarray(other)
        return ConfusionMatrix(self.counts + counts)

    @property
    def iou(self) -> np.ndarray:
        """float64 [C]: IoU of each class; NaN for a class neither true nor predicted."""
        hits = np.diag(self.counts).astype(np.float64)
        union = self.counts.sum(axis=0) + self.counts.sum(axis=1) - hits
        return np.divide(hits, union, out=np.full(len(hits), np.nan), where=union > 0)

    @property
    def mean_iou(self) -> float:
        """Mean IoU over the classes that occur; NaN when none does.

        VOC's own scorer means over all classes, which is the same where every class occurs.
        """
        iou = self.iou[~np.isnan(self.iou)]
        return float(iou.mean()) if iou.size else float("nan")

    @property
    def foreground_mean_iou(self) -> float:
        """Mean IoU of background and foreground, all classes taken as one; NaN without pixels."""
        counts = self.counts
        two = np.array(
            [
                [counts[0, 0], counts[0, 1:].sum()],
                [counts[1:, 0].sum(), counts[1:, 1:].sum()],
            ]
        )
        return ConfusionMatrix(two).mean_iou

    def per_class(self, class_names: Sequence[str]) -> dict[str, float | None]:
        """IoU by class name; None for a class neither true nor predicted."""
        values = zip(class_names, self.iou.tolist(), strict=True)
        return {name: None if np.isnan(value) else value for name, value in values}
