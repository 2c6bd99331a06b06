"""proposals.region_graph: superpixels as a graph, against looking at every pixel."""

import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.proposals import region_graph


def _maps(seed: int, shape: tuple[int, int] = (13, 17), num: int = 2) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 3, (num, *shape)))


def _same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    pairs = set(zip(one.ravel().tolist(), other.ravel().tolist(), strict=True))
    return len(pairs) == len(np.unique(one)) == len(np.unique(other))


@pytest.mark.parametrize("num", [1, 2, 3])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (13, 17), (40, 30)])
def test_connected_parts_are_those_that_labelling_each_cell_finds(shape, num):
    maps = _maps(1, shape, num)
    parts = region_graph.connected_parts(maps)
    expected, count = np.zeros(shape, int), 0
    for values in np.unique(np.stack(maps).reshape(num, -1), axis=1).T:
        cell = np.logical_and.reduce([m == v for m, v in zip(maps, values, strict=True)])
        labels, found = ndimage.label(cell)
        expected[cell] = labels[cell] + count
        count += found
    assert parts.dtype == np.int32 and parts.max() == count - 1
    assert _same_partition(parts, expected)
    _, first = np.unique(parts, return_index=True)
    assert (np.diff(first) > 0).all(), "not numbered in the order of their first pixels"


def test_diagonal_pixels_are_not_connected():
    parts = region_graph.connected_parts([np.eye(2, dtype=int)])
    assert parts.tolist() == [[0, 1], [2, 3]]


def _pairs_pixel_by_pixel(superpixels: np.ndarray) -> list[list[int]]:
    height, width = superpixels.shape
    found = set()
    for y in range(height):
        for x in range(width):
            for other in ((y + 1, x), (y, x + 1)):
                if other[0] < height and other[1] < width:
                    pair = sorted((int(superpixels[y, x]), int(superpixels[other])))
                    if pair[0] != pair[1]:
                        found.add(tuple(pair))
    return sorted(map(list, found))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (13, 17)])
def test_adjacent_pairs_are_those_of_all_pixels(shape):
    superpixels = region_graph.connected_parts(_maps(2, shape))
    assert region_graph.adjacent_pairs(superpixels).tolist() == _pairs_pixel_by_pixel(superpixels)


def test_connected_classes_split_what_does_not_touch():
    superpixels = region_graph.connected_parts(_maps(3))
    classes = np.random.default_rng(4).integers(0, 2, superpixels.max() + 1)
    pairs = region_graph.adjacent_pairs(superpixels)
    regions = region_graph.connected_classes(classes, pairs)
    expected = region_graph.connected_parts([classes[superpixels]])
    np.testing.assert_array_equal(regions[superpixels], expected)


def test_a_small_one_joins_the_nearest_colour_and_large_ones_stay_apart():
    # A row of 50, 3, 60 and 2, 40 pixels; the small ones like what is on their right.
    areas = np.array([50.0, 3.0, 60.0, 2.0, 40.0])
    colours = np.array([[0.0], [20.0], [30.0], [80.0], [90.0]])
    pairs = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    assert region_graph.absorb_small(areas, colours, pairs, 10).tolist() == [0, 1, 1, 2, 2]
    assert region_graph.absorb_small(areas, colours, pairs, 3).tolist() == [0, 1, 2, 3, 3]
    assert region_graph.absorb_small(areas, colours, pairs, 2).tolist() == [0, 1, 2, 3, 4]


def test_small_ones_that_stay_small_choose_again():
    # 1 and 2 choose one another; together they are 6, still small, of colour 12.
    areas, colours = np.array([50.0, 3.0, 3.0, 50.0]), np.array([[0.0], [11.0], [13.0], [99.0]])
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    assert region_graph.absorb_small(areas, colours, pairs, 10).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("min_area", [1, 5, 40, 10**6])
@pytest.mark.parametrize("seed", range(3))
def test_none_is_small_afterwards_and_none_needlessly_large(seed, min_area):
    superpixels = region_graph.connected_parts(_maps(seed, (30, 40)))
    areas = np.bincount(superpixels.ravel()).astype(float)
    colours = np.random.default_rng(seed).random((areas.size, 3))
    pairs = region_graph.adjacent_pairs(superpixels)
    regions = region_graph.absorb_small(areas, colours, pairs, min_area)
    joined = regions[superpixels]
    sizes = np.bincount(joined.ravel())
    assert sizes.min() >= min(min_area, joined.size)
    assert np.bincount(regions, areas >= min_area).max() <= 1, "large ones were joined"
    for region in range(len(sizes)):
        assert ndimage.label(joined == region)[1] == 1
