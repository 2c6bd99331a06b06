"""How sure a difference of mean IoU is: a paired bootstrap over images.

B. Efron, R. Tibshirani, *An Introduction to the Bootstrap*, 1993: the percentile interval. Images
are drawn with replacement, for both models the same ones, and mean IoU is counted over each draw as
it is over the set. What is common to the models, hard images say, cancels out; so differences are
surer than the scores themselves. The chance of another training run is not in the interval.
"""

import dataclasses

import numpy as np

from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.metrics.confusion import ratio

SEED = 0
_BLOCK = 100  # draws that are held at a time


@dataclasses.dataclass(frozen=True)
class ImageCounts:
    """Pixels of every image and class, all that IoU is made of.

    Attributes:
        hits: int64 [N, C], of this class and predicted as it.
        union: int64 [N, C], of this class or predicted as it.
    """

    hits: np.ndarray
    union: np.ndarray

    @classmethod
    def of(cls, evaluation: Evaluation) -> "ImageCounts":
        """Those of the images in the order of their sorted ids."""
        label = {class_name: i for i, class_name in enumerate(evaluation.per_class)}
        hits, union = np.zeros([2, len(evaluation.images), len(label)], np.int64)
        for i, source_id in enumerate(sorted(evaluation.images)):
            for true, row in evaluation.images[source_id]["counts"].items():
                for predicted, pixels in row.items():
                    union[i, [label[true], label[predicted]]] += pixels
                    hits[i, label[true]] += pixels * (true == predicted)
        return cls(hits, union)

    def mean_iou(self, weights: np.ndarray) -> np.ndarray:
        """Mean IoU over the classes that occur.

        Args:
            weights: float64 [..., N], how often every image counts.

        Returns:
            float64 [...]; NaN where nothing counts.
        """
        scores = ratio(weights @ self.hits, weights @ self.union)  # exact, far below 2**53
        return ratio(np.nansum(scores, axis=-1), (~np.isnan(scores)).sum(axis=-1))


def difference_interval(
    reference: ImageCounts, other: ImageCounts, resamples: int, share: float = 0.95
) -> tuple[float, float]:
    """The interval of other's mean IoU minus reference's.

    Args:
        reference, other: over the same images in the same order.
        resamples: draws of as many images as there are.
        share: of the draws whose difference lies in the interval.

    Returns:
        Its ends.
    """
    # Not by scipy.stats.bootstrap: as fast, but it refuses a single image, and draws others.
    count = len(reference.hits)
    generator, differences = np.random.default_rng(SEED), np.empty(resamples)
    for start in range(0, resamples, _BLOCK):
        block = differences[start : start + _BLOCK]
        draws = generator.multinomial(count, np.full(count, 1 / count), len(block))
        weights = draws.astype(np.float64)
        block[:] = other.mean_iou(weights) - reference.mean_iou(weights)
    tail = (1 - share) / 2
    low, high = np.nanquantile(differences, [tail, 1 - tail])
    return float(low), float(high)
