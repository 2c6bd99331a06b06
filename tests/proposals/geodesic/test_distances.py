"""geodesic.distances: against Floyd and Warshall, and on pictures whose distances are known."""

import numpy as np
import pytest

from boxsup_tf.proposals.combinatorial.partition import Partition, build_partition
from boxsup_tf.proposals.geodesic import distances
from tests.proposals.combinatorial.made_up import make_partition, row


def _all_pairs(partition: Partition) -> np.ndarray:
    """float64 [R, R]: Floyd and Warshall's algorithm on the cost of crossing each boundary."""
    num = partition.num_superpixels
    lengths = np.full((num, num), np.inf)
    np.fill_diagonal(lengths, 0)
    boundaries = zip(partition.first, partition.second, partition.strength[:, 0], strict=True)
    for a, b, strength in boundaries:
        lengths[a, b] = lengths[b, a] = strength**3 + 0.03
    for k in range(num):
        lengths = np.minimum(lengths, lengths[:, k, None] + lengths[None, k])
    return lengths


@pytest.mark.parametrize("seed", range(3))
def test_distances_are_those_of_all_paths(seed):
    partition = make_partition(seed, num_maps=1)
    expected = _all_pairs(partition)
    graph = distances.step_graph(partition)
    seeds, found = distances.place_seeds(graph, 3, partition.num_superpixels)
    assert sorted(seeds.tolist()) == list(range(partition.num_superpixels))
    np.testing.assert_allclose(found, expected[seeds])


@pytest.mark.parametrize("num", [1, 2, 7])
def test_every_seed_is_as_far_from_those_before_as_can_be(num):
    partition = make_partition(4, num_maps=1)
    expected = _all_pairs(partition)
    seeds, found = distances.place_seeds(distances.step_graph(partition), 5, num)
    assert len(seeds) == len(found) == num and seeds[0] == 5
    for i in range(1, num):
        nearest = expected[seeds[:i]].min(axis=0)
        assert nearest[seeds[i]] == pytest.approx(nearest.max())


def test_backgrounds_are_nothing_the_border_and_its_sides():
    partition = make_partition(6, num_maps=1)
    expected = _all_pairs(partition)
    superpixels = partition.superpixels
    height, width = superpixels.shape
    y, x = np.mgrid[:height, :width]
    edges = [y == 0, y == height - 1, x == 0, x == width - 1]
    found = distances.background_distances(distances.step_graph(partition), superpixels)
    assert len(found) == 6 and not found[0].any()
    for held, distance in zip([np.logical_or.reduce(edges), *edges], found[1:], strict=True):
        border = np.unique(superpixels[held])
        np.testing.assert_allclose(distance, expected[border].min(axis=0))
        assert (distance == 0).nonzero()[0].tolist() == border.tolist()


def test_a_row_of_superpixels():
    partition = row([4, 4, 4, 4], [0.5, 0.0, 1.0])
    _, found = distances.place_seeds(distances.step_graph(partition), 0, 1)
    steps = np.array([0.5, 0.0, 1.0]) ** 3 + 0.03
    np.testing.assert_allclose(found[0], [0, *np.cumsum(steps)])


def test_the_way_leads_through_the_gap_of_a_wall():
    """A wall between the halves with one gap: the far side is reached through the gap."""
    cells = np.arange(25, dtype=np.int32).reshape(5, 5)
    superpixels = cells.repeat(6, 0).repeat(6, 1)
    strength = np.zeros((30, 30), np.float32)
    strength[:24, 11:13] = 1.0  # left of column 2, rows 0 .. 3; row 4 is open
    image = np.zeros((30, 30, 3), np.uint8)
    graph = distances.step_graph(build_partition(superpixels, image, strength[None]))
    _, found = distances.place_seeds(graph, 0, 1)
    np.testing.assert_allclose(found[0, 3], 0.03 * (4 + 3 + 4))  # down, across, up again


def test_a_single_superpixel():
    partition = row([5], [])
    graph = distances.step_graph(partition)
    seeds, found = distances.place_seeds(graph, 0, 10)
    assert seeds.tolist() == [0] and found.tolist() == [[0.0]]
    backgrounds = distances.background_distances(graph, partition.superpixels)
    assert [b.tolist() for b in backgrounds] == [[0.0]] * 6
