"""Hierarchical grouping of adjacent regions by similarity (Uijlings et al., Alg. 1, Sec. 3.2)."""

import dataclasses
import heapq

import numpy as np

from boxsup_tf.proposals import region_graph

TERMS = ("colour", "texture", "size", "fill")


@dataclasses.dataclass(frozen=True)
class Regions:
    """What similarities look at.

    Attributes:
        areas: float64 [N], pixels.
        boxes_yxyx: float64 [N, 4], tight boxes, half-open, pixels.
        colour, texture: float32 [N, D] and [N, E], histograms that sum to 1.
    """

    areas: np.ndarray
    boxes_yxyx: np.ndarray
    colour: np.ndarray
    texture: np.ndarray


def group(regions: Regions, pairs: np.ndarray, terms: frozenset[str]) -> np.ndarray:
    """Merges the two most similar adjacent regions until one is left.

    The similarity is the sum of its terms, of which each is in 0 .. 1: the intersection of the
    colour and of the texture histograms, size (small regions first), and fill (regions that
    together fill their common box). higra's `binary_partition_tree` with a function of one's own
    gives the same trees and takes three times as long or more.

    Args:
        regions: N of them.
        pairs: int [E, 2], the adjacent ones; all are connected through them.
        terms: of the similarity, some of `TERMS`.

    Returns:
        int64 [2 N - 1], the parent of every region: merge m makes region N + m. The last one is
        the whole and its own parent.
    """
    num = regions.areas.size
    grown = _Growing(regions, terms)
    beside = region_graph.neighbours(pairs, 2 * num - 1)
    unlike = -grown.similarity(pairs[:, 0], pairs[:, 1])
    queue = list(zip(unlike.tolist(), *pairs.T.tolist(), strict=True))
    heapq.heapify(queue)
    parents = list(range(2 * num - 1))
    new = num
    while new < 2 * num - 1:
        _, a, b = heapq.heappop(queue)
        if parents[a] != a or parents[b] != b:
            continue  # one of them is merged already
        parents[a] = parents[b] = new
        grown.merge(a, b, new)
        around = beside[new] = (beside[a] | beside[b]) - {a, b}
        for other in around:
            beside[other] -= {a, b}
            beside[other].add(new)
        others = np.fromiter(around, np.int64, len(around))
        unlike = -grown.similarity(new, others)
        for value, other in zip(unlike.tolist(), around, strict=True):
            heapq.heappush(queue, (value, other, new))
        new += 1
    return np.array(parents, np.int64)


class _Growing:
    """The regions, and those that merging makes of them.

    The arrays have room for all: `np.resize` fills it with what `merge` writes over.
    """

    def __init__(self, regions: Regions, terms: frozenset[str]) -> None:
        num = regions.areas.size
        self._total = regions.areas.sum()
        self._areas = np.resize(regions.areas, 2 * num - 1)
        self._low = np.resize(regions.boxes_yxyx[:, :2], (2 * num - 1, 2))
        self._high = np.resize(regions.boxes_yxyx[:, 2:], (2 * num - 1, 2))
        named = {"colour": regions.colour, "texture": regions.texture}
        chosen = [named[name] for name in named if name in terms]
        histograms = np.concatenate(chosen, axis=1) if chosen else np.zeros((num, 0))
        self._histograms = np.resize(histograms, (2 * num - 1, histograms.shape[1]))
        self._size, self._fill = "size" in terms, "fill" in terms

    def similarity(self, a: int | np.ndarray, b: np.ndarray) -> np.ndarray:
        """float64 [M]: of region a, or the regions a [M], with the regions b [M]."""
        areas = self._areas[a] + self._areas[b]
        total = np.zeros(areas.shape)
        if self._histograms.size:
            total += np.minimum(self._histograms[a], self._histograms[b]).sum(axis=-1)
        if self._size:
            total += 1 - areas / self._total
        if self._fill:
            low = np.minimum(self._low[a], self._low[b])
            sides = np.maximum(self._high[a], self._high[b]) - low
            total += 1 - (sides[:, 0] * sides[:, 1] - areas) / self._total
        return total

    def merge(self, a: int, b: int, new: int) -> None:
        areas, histograms = self._areas, self._histograms
        areas[new] = areas[a] + areas[b]
        self._low[new] = np.minimum(self._low[a], self._low[b])
        self._high[new] = np.maximum(self._high[a], self._high[b])
        if histograms.size:
            mixed = areas[a] * histograms[a] + areas[b] * histograms[b]
            histograms[new] = mixed / areas[new]
