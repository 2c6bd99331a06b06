"""Scores of one confusion matrix over a whole data set; mean IoU is PASCAL VOC's comp6 score.

The other three scores are those of J. Long, E. Shelhamer, T. Darrell, *Fully Convolutional
Networks for Semantic Segmentation*, CVPR 2015, Sec. 5. Nothing here imports TensorFlow.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from boxsup_tf.labels import VOID


def count_pixels(
    truth: np.ndarray,
    predicted: np.ndarray,
    num_classes: int,
    parts: np.ndarray | None = None,
    num_parts: int = 1,
) -> np.ndarray:
    """Counts the pixels of one image by true and predicted label, perhaps of its parts.

    Args:
        truth: integers, any shape; `VOID` is left out.
        predicted: integers, the same shape; VOID (where nothing is claimed) is left out too.
        num_classes: background included.
        parts: integers, the same shape: the part of the image that each pixel belongs to.
        num_parts: of the image.

    Returns:
        int64 [num_classes, num_classes], true label by predicted label; with `parts`
        [num_parts, num_classes, num_classes].

    Raises:
        ValueError: a label is not below `num_classes`, or a part not below `num_parts`.
    """
    known = (truth != VOID) & (predicted != VOID)
    labels: tuple[np.ndarray, ...] = (truth[known], predicted[known])
    shape: tuple[int, ...] = (num_classes, num_classes)
    if parts is not None:
        labels, shape = (parts[known], *labels), (num_parts, *shape)
    cells = np.ravel_multi_index(labels, shape)
    return np.bincount(cells, minlength=math.prod(shape)).reshape(shape)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """float64, of the shape of both; NaN where the denominator is 0."""
    out = np.full(np.shape(denominator), np.nan)
    return np.divide(numerator, denominator, out=out, where=np.asarray(denominator) > 0)


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
        hits = np.diag(self.counts)
        return ratio(hits, self.counts.sum(axis=0) + self.counts.sum(axis=1) - hits)

    @property
    def mean_iou(self) -> float:
        """Mean IoU over the classes that occur; NaN when none does.

        VOC's own scorer means over all classes, which is the same where every class occurs.
        """
        return _mean(self.iou)

    @property
    def pixel_accuracy(self) -> float:
        """Share of pixels whose label is right; NaN without pixels."""
        return float(ratio(np.trace(self.counts), self.counts.sum()))

    @property
    def mean_accuracy(self) -> float:
        """Mean over the true classes of the share of their pixels that is found; NaN if none."""
        return _mean(ratio(np.diag(self.counts), self.counts.sum(axis=1)))

    @property
    def frequency_weighted_iou(self) -> float:
        """Mean over the pixels of the IoU of their true class; NaN without pixels."""
        pixels = self.counts.sum(axis=1)
        return float(ratio(np.nansum(pixels * self.iou), pixels.sum()))

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

    def summary(self, class_names: Sequence[str]) -> dict:
        """All scores by name, in 0 .. 1, for a JSON file; at least one pixel is counted."""
        return {
            "mean_iou": self.mean_iou,
            "per_class_iou": self.per_class(class_names),
            "pixel_accuracy": self.pixel_accuracy,
            "mean_accuracy": self.mean_accuracy,
            "frequency_weighted_iou": self.frequency_weighted_iou,
        }


def _mean(values: np.ndarray) -> float:
    """The mean of those that are not NaN; NaN if there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
