"""selective_search.grouping: against the paper's algorithm on pixels, and against higra."""

import functools

import higra as hg
import numpy as np
import pytest

from boxsup_tf.pools.candidates import superpixel_boxes_yxyx
from boxsup_tf.proposals.combinatorial.merging import node_members
from boxsup_tf.proposals.region_graph import adjacent_pairs
from boxsup_tf.proposals.selective_search import features
from boxsup_tf.proposals.selective_search.grouping import TERMS, Regions, group
from tests.proposals.combinatorial.made_up import make_superpixels

ALL_TERMS = [
    frozenset(term for bit, term in enumerate(TERMS) if number >> bit & 1)
    for number in range(1, 16)
]


def _regions(image: np.ndarray, superpixels: np.ndarray) -> Regions:
    num = int(superpixels.max()) + 1
    each = np.arange(num)
    return Regions(
        np.bincount(superpixels.ravel()).astype(float),
        superpixel_boxes_yxyx(superpixels, num).astype(float),
        features.normalised(features.colour_histograms(image, superpixels), each),
        features.normalised(features.texture_histograms(image, superpixels), each),
    )


def _sets(parents: np.ndarray) -> list[frozenset[int]]:
    """Initial regions of every region."""
    return [frozenset(np.flatnonzero(members).tolist()) for members in node_members(parents)]


def _on_pixels(image: np.ndarray, superpixels: np.ndarray, terms: frozenset) -> list[frozenset]:
    """Algorithm 1 on masks: every similarity is measured afresh, on pixels, at every step."""

    @functools.cache
    def similarity(a: frozenset[int], b: frozenset[int]) -> float:
        one, other = np.isin(superpixels, list(a)), np.isin(superpixels, list(b))
        both = np.where(one, 0, np.where(other, 1, 2))
        rest = 0 if both.max() < 2 else 1
        total = 0.0
        for name, measure in (
            ("colour", features.colour_histograms),
            ("texture", features.texture_histograms),
        ):
            if name in terms:
                counts = measure(image, both)[: 2 + rest].astype(float)
                shares = counts / counts.sum(axis=1, keepdims=True)
                total += np.minimum(shares[0], shares[1]).sum()
        if "size" in terms:
            total += 1 - (one | other).sum() / one.size
        if "fill" in terms:
            rows, columns = np.nonzero(one | other)
            box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
            total += 1 - (box - (one | other).sum()) / one.size
        return total

    @functools.cache
    def touch(a: frozenset[int], b: frozenset[int]) -> bool:
        one, other = np.isin(superpixels, list(a)), np.isin(superpixels, list(b))
        beside = (one[:, 1:] & other[:, :-1]).any() or (one[:, :-1] & other[:, 1:]).any()
        return beside or (one[1:] & other[:-1]).any() or (one[:-1] & other[1:]).any()

    made = [frozenset([i]) for i in range(superpixels.max() + 1)]
    living = list(made)
    while len(living) > 1:
        pairs = [(a, b) for i, a in enumerate(living) for b in living[i + 1 :] if touch(a, b)]
        a, b = max(pairs, key=lambda pair: similarity(*pair))
        living = [*(region for region in living if region not in (a, b)), a | b]
        made.append(a | b)
    return made


def _voronoi(seed: int, height: int, width: int, num: int) -> np.ndarray:
    """int [height, width]: the nearest of `num` random points; hardly two of one area."""
    points = np.random.default_rng(seed).uniform(0, (height, width), (num, 2))
    pixels = np.stack(np.mgrid[:height, :width], axis=-1)
    distances = np.linalg.norm(pixels[:, :, None] - points, axis=-1)
    _, labels = np.unique(distances.argmin(axis=-1), return_inverse=True)
    return labels.reshape(height, width)


# Without histograms there are ties, where either choice would be right.
@pytest.mark.parametrize(
    "terms",
    [terms for terms in ALL_TERMS if terms & {"colour", "texture"}],
    ids=lambda terms: "+".join(sorted(terms)),
)
def test_is_the_papers_algorithm_on_pixels(terms):
    superpixels = _voronoi(0, 50, 60, 20)
    shade = np.random.default_rng(1).uniform(0.2, 1, (20, 3))[superpixels]
    noise = np.random.default_rng(2).integers(0, 256, (50, 60, 3))
    image = (shade * noise).astype(np.uint8)
    parents = group(_regions(image, superpixels), adjacent_pairs(superpixels), terms)
    expected = _on_pixels(image, superpixels, terms)
    assert len(expected) > 30
    assert _sets(parents) == expected


@pytest.mark.parametrize("terms", ALL_TERMS, ids=lambda terms: "+".join(sorted(terms)))
def test_is_higras_binary_partition_tree(terms):
    rng = np.random.default_rng(1)
    superpixels = make_superpixels(1, 60, 70, 4)
    num = int(superpixels.max()) + 1
    areas, low = rng.uniform(10, 90, num), rng.uniform(0, 50, (num, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, 9, (num, 2))], axis=1)
    colour, texture = (rng.dirichlet(np.full(7, 0.3), num) for _ in range(2))
    regions = Regions(areas, boxes, colour.astype(np.float32), texture.astype(np.float32))
    pairs = adjacent_pairs(superpixels)
    total = areas.sum()
    looks = [(areas[i], boxes[i, :2], boxes[i, 2:], colour[i], texture[i]) for i in range(num)]

    def unlike(a: int, b: int) -> float:
        (area, low, high, *shares), (area_b, low_b, high_b, *shares_b) = looks[a], looks[b]
        box = np.prod(np.maximum(high, high_b) - np.minimum(low, low_b))
        values = {
            "colour": np.minimum(shares[0], shares_b[0]).sum(),
            "texture": np.minimum(shares[1], shares_b[1]).sum(),
            "size": 1 - (area + area_b) / total,
            "fill": 1 - (box - area - area_b) / total,
        }
        return -sum(values[term] for term in terms)

    def merge(graph, edge, new, a, b, neighbours):
        (area, low, high, *shares), (area_b, low_b, high_b, *shares_b) = looks[a], looks[b]
        mixed = [
            (area * one + area_b * other) / (area + area_b)
            for one, other in zip(shares, shares_b, strict=True)
        ]
        looks.append((area + area_b, np.minimum(low, low_b), np.maximum(high, high_b), *mixed))
        for neighbour in neighbours:
            neighbour.set_new_edge_weight(unlike(new, neighbour.neighbour_vertex()))

    graph = hg.UndirectedGraph(num)
    graph.add_edges(pairs[:, 0], pairs[:, 1])
    weights = np.array([unlike(a, b) for a, b in pairs])
    tree, _ = hg.binary_partition_tree(graph, merge, weights)
    np.testing.assert_array_equal(group(regions, pairs, terms), tree.parents())


def _row(areas: list[float], colours: list[int]) -> tuple[Regions, np.ndarray]:
    """Regions side by side, one pixel high; each of one colour."""
    ends = np.cumsum(areas)
    zeros, ones = np.zeros(len(areas)), np.ones(len(areas))
    boxes = np.stack([zeros, ends - areas, ones, ends], axis=1)
    colour = np.eye(max(colours) + 1, dtype=np.float32)[colours]
    pairs = np.stack([np.arange(len(areas) - 1), np.arange(1, len(areas))], axis=1)
    return Regions(np.array(areas, float), boxes, colour, colour), pairs


def test_equal_colours_come_first():
    regions, pairs = _row([5, 5, 5, 5, 5], [0, 1, 1, 0, 0])
    parents = group(regions, pairs, frozenset(["colour"]))
    assert {frozenset([1, 2]), frozenset([3, 4])} <= set(_sets(parents))


def test_small_regions_come_first():
    regions, pairs = _row([50, 4, 3, 60, 9], [0] * 5)
    parents = group(regions, pairs, frozenset(["size"]))
    assert _sets(parents)[5:] == [{1, 2}, {0, 1, 2}, {3, 4}, {0, 1, 2, 3, 4}]


def test_what_fills_its_box_comes_first():
    # A ring around a core, and a far corner: the core and the ring are one box.
    superpixels = np.zeros((12, 12), int)
    superpixels[2:8, 2:8] = 1
    superpixels[4:6, 4:6] = 2
    image = np.zeros((12, 12, 3), np.uint8)
    parents = group(_regions(image, superpixels), adjacent_pairs(superpixels), frozenset(["fill"]))
    assert _sets(parents)[3] == {1, 2}


def test_a_single_region_is_the_whole():
    regions, pairs = _row([7], [0])
    assert group(regions, pairs, frozenset(TERMS)).tolist() == [0]
