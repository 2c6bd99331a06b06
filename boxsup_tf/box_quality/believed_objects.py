"""The objects that a network believes to see: connected regions of one label."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from boxsup_tf.pools.candidates import CandidatePool

# Lines at an end that hold together less than this share of an object are not counted.
_LEAST_SHARE = 0.02
# A candidate stands for an object whose soft IoU with it is at least this.
_LEAST_OVERLAP = 0.5


class BelievedObject(NamedTuple):
    """A connected region whose most probable label is the same.

    Attributes:
        label: that label, not the background.
        pixels: bool [H, W].
        confidence: mean probability of the label over the pixels, 0 .. 1.
    """

    label: int
    pixels: np.ndarray
    confidence: float


def believed_objects(probabilities: np.ndarray, least_pixels: int) -> list[BelievedObject]:
    """The objects of an image, by label and then in reading order.

    Args:
        probabilities: float32 [H, W, C], background first.
        least_pixels: smaller regions are left out.
    """
    label_map = probabilities.argmax(axis=2)
    found = []
    for label in np.unique(label_map[label_map > 0]).tolist():
        numbers, _ = ndimage.label(label_map == label)
        counts = np.bincount(numbers.ravel())[1:]
        for number in np.flatnonzero(counts >= least_pixels) + 1:
            pixels = numbers == number
            confidence = float(probabilities[pixels, label].mean())
            found.append(BelievedObject(label, pixels, confidence))
    return found


def extent_yxyx(pixels: np.ndarray) -> np.ndarray:
    """float32 [4], the box of a region without its thin ends; half-open, pixels.

    Args:
        pixels: bool [H, W], at least one set.
    """
    edges = []
    for axis in (1, 0):
        share = np.cumsum(pixels.sum(axis=axis)) / np.count_nonzero(pixels)
        first = np.count_nonzero(share <= _LEAST_SHARE)
        edges.append((first, np.count_nonzero(share < 1 - _LEAST_SHARE) + 1))
    (top, bottom), (left, right) = edges
    return np.array([top, left, bottom, right], np.float32)


def snapped_yxyx(pixels: np.ndarray, belief: np.ndarray, pool: CandidatePool) -> np.ndarray:
    """The tight box of the candidate most like a region, or the region's extent where none is.

    A network's outlines are blurred; those of candidates follow edges.

    Args:
        pixels: bool [H, W], of the region.
        belief: float32 [H, W], probability of its label.
        pool: of the image.

    Returns:
        float32 [4], half-open, pixels.
    """
    if not pool.num_candidates:
        return extent_yxyx(pixels)
    weights = np.where(pixels, belief, 0)
    sums = np.bincount(pool.superpixels.ravel(), weights.ravel(), pool.membership.shape[1])
    hits = pool.membership @ sums
    overlap = hits / (pool.areas + weights.sum() - hits)
    best = int(overlap.argmax())
    if overlap[best] < _LEAST_OVERLAP:
        return extent_yxyx(pixels)
    return pool.tight_boxes[best].astype(np.float32)
