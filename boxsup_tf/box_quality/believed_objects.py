"""Where the objects end that a network believes to see."""

import numpy as np
from scipy import ndimage

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.supervision.loose_boxes import LEAST_SHARE

# Pixels are an object's where it is more likely than this that they are not background.
BELIEVED = 0.5
# A candidate stands for an object whose soft IoU with it is at least this.
_LEAST_OVERLAP = 0.5
# The smallest object, as a share of its image and in pixels.
_LEAST_OBJECT, _LEAST_PIXELS = 1 / 500, 16


def regions_of(pixels: np.ndarray) -> list[np.ndarray]:
    """The connected parts of bool [H, W] that are large enough for an object, in reading order."""
    numbers, _ = ndimage.label(pixels)
    counts = np.bincount(numbers.ravel())[1:]
    least = max(_LEAST_PIXELS, round(_LEAST_OBJECT * pixels.size))
    return [numbers == number for number in np.flatnonzero(counts >= least) + 1]


def extent_yxyx(pixels: np.ndarray) -> np.ndarray:
    """float32 [4], the box of a region without its thin ends, as `loose_boxes` finds it in a graph.

    Half-open, pixels.

    Args:
        pixels: bool [H, W], at least one set.
    """
    edges = []
    for axis in (1, 0):
        share = np.cumsum(pixels.sum(axis=axis)) / np.count_nonzero(pixels)
        first = np.count_nonzero(share <= LEAST_SHARE)
        edges.append((first, np.count_nonzero(share < 1 - LEAST_SHARE) + 1))
    (top, bottom), (left, right) = edges
    return np.array([top, left, bottom, right], np.float32)


def snapped_yxyx(pixels: np.ndarray, belief: np.ndarray, pool: CandidatePool | None) -> np.ndarray:
    """The tight box of the candidate most like a region, or the region's extent where none is.

    A network's outlines are blurred; those of candidates follow edges.

    Args:
        pixels: bool [H, W], of the region.
        belief: float32 [H, W], how sure the network is of an object.
        pool: of the image.

    Returns:
        float32 [4], half-open, pixels.
    """
    if pool is None or not pool.num_candidates:
        return extent_yxyx(pixels)
    weights = np.where(pixels, belief, 0)
    sums = np.bincount(pool.superpixels.ravel(), weights.ravel(), pool.membership.shape[1])
    hits = pool.membership @ sums
    overlap = hits / (pool.areas + weights.sum() - hits)
    best = int(overlap.argmax())
    if overlap[best] < _LEAST_OVERLAP:
        return extent_yxyx(pixels)
    return pool.tight_boxes[best].astype(np.float32)
