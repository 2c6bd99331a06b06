"""Superpixels as a graph: connected parts, adjacent pairs, small ones absorbed.

Regions are adjacent, and connected, through the four neighbours of a pixel.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph


def connected_parts(labels: Sequence[np.ndarray]) -> np.ndarray:
    """The connected cells of the common refinement of label maps.

    Args:
        labels: int [H, W] each, at least one.

    Returns:
        int32 [H, W], values 0 .. R-1, each a connected region on which every map is constant,
        as large as can be; numbered in the order of their first pixels.
    """
    beside = np.logical_and.reduce([m[:, 1:] == m[:, :-1] for m in labels])
    below = np.logical_and.reduce([m[1:] == m[:-1] for m in labels])
    # Horizontal runs instead of pixels: a graph a tenth as large.
    starts = np.ones(labels[0].shape, bool)
    starts[:, 1:] = ~beside
    runs = (np.cumsum(starts) - 1).reshape(starts.shape)
    pairs = np.stack([runs[:-1][below], runs[1:][below]], axis=1)
    return _components(pairs, int(runs[-1, -1]) + 1)[runs]


def adjacent_pairs(superpixels: np.ndarray) -> np.ndarray:
    """int64 [E, 2]: every pair (a, b), a < b, of adjacent superpixels (int [H, W]) once, sorted."""
    beside = np.stack([superpixels[:, :-1].ravel(), superpixels[:, 1:].ravel()], axis=1)
    below = np.stack([superpixels[:-1].ravel(), superpixels[1:].ravel()], axis=1)
    return distinct_pairs(np.concatenate([beside, below]), int(superpixels.max()) + 1)


def distinct_pairs(pairs: np.ndarray, num: int) -> np.ndarray:
    """int64 [E, 2]: the pairs (a, b), a < b, that occur in int [M, 2], in either order; sorted.

    Values are 0 .. num-1; pairs of equals are left out.
    """
    pairs = pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int64)
    keys = np.unique(pairs.min(axis=1) * num + pairs.max(axis=1))
    return np.stack([keys // num, keys % num], axis=1)


def neighbours(pairs: np.ndarray, num: int) -> list[set[int]]:
    """What each of `num` nodes is paired with in int [E, 2]."""
    beside: list[set[int]] = [set() for _ in range(num)]
    for a, b in pairs.tolist():
        beside[a].add(b)
        beside[b].add(a)
    return beside


def connected_classes(classes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """int32 [R]: the connected regions that classes of superpixels (int [R]) fall into.

    They are numbered in the order of their first superpixels; `pairs` are the adjacent ones, int
    [E, 2].
    """
    same = classes[pairs[:, 0]] == classes[pairs[:, 1]]
    return _components(pairs[same], classes.size)


def absorb_small(
    areas: np.ndarray, colours: np.ndarray, pairs: np.ndarray, min_area: int
) -> np.ndarray:
    """Joins every small superpixel with the adjacent one of the nearest colour.

    In rounds, until none is small or none has a neighbour. Two that are large enough are never
    joined: only small ones choose a neighbour, and each chooses one.

    Args:
        areas: int [R], pixels.
        colours: float [R, C], mean colours.
        pairs: int [E, 2], the adjacent superpixels.
        min_area: pixels; smaller ones are small.

    Returns:
        int32 [R], the region of every superpixel, values 0 .. N-1.
    """
    regions: np.ndarray = np.arange(areas.size, dtype=np.int32)
    while len(pairs) and (areas < min_area).any():
        gaps = np.linalg.norm(colours[pairs[:, 0]] - colours[pairs[:, 1]], axis=1)
        ways = np.concatenate([pairs, pairs[:, ::-1]])
        order = np.lexsort((ways[:, 1], np.concatenate([gaps, gaps]), ways[:, 0]))
        ways = ways[order]
        _, nearest = np.unique(ways[:, 0], return_index=True)
        nearest = nearest[areas[ways[nearest, 0]] < min_area]
        joined = _components(ways[nearest], areas.size)
        regions = joined[regions]
        sums = [np.bincount(joined, areas * channel) for channel in colours.T]
        areas = np.bincount(joined, areas)
        colours = np.stack(sums, axis=1) / areas[:, None]
        pairs = distinct_pairs(joined[pairs], areas.size)
    return regions


def _components(pairs: np.ndarray, num: int) -> np.ndarray:
    """int32 [num]: the connected component of every node, in the order of their first nodes."""
    linked = np.ones(len(pairs), bool)
    graph = sparse.coo_array((linked, (pairs[:, 0], pairs[:, 1])), shape=(num, num))
    return csgraph.connected_components(graph, directed=False)[1]
