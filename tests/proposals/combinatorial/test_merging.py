"""combinatorial.merging against naive merging, and what every tree promises."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.proposals.combinatorial import merging
from boxsup_tf.proposals.combinatorial.partition import Partition
from tests.proposals.combinatorial.made_up import make_partition, row

CRITERIA = {
    "strength": lambda partition: merging.by_strength(partition, partition.strength[:, 0]),
    "volume": lambda partition: merging.by_volume(partition, partition.strength[:, 0]),
    "colour": merging.by_colour,
}


def _merge_naively(partition: Partition, cost: Callable[[set, set], float]) -> np.ndarray:
    """The parents of a tree that always merges the adjacent regions of the least cost."""
    num = partition.num_superpixels
    edges = set(zip(partition.first.tolist(), partition.second.tolist(), strict=True))
    regions = {node: {node} for node in range(num)}
    parents = list(range(2 * num - 1))
    for node in range(num, 2 * num - 1):
        adjacent = [
            (a, b)
            for a in regions
            for b in regions
            if a < b
            and any((min(i, j), max(i, j)) in edges for i in regions[a] for j in regions[b])
        ]
        a, b = min(adjacent, key=lambda pair: cost(regions[pair[0]], regions[pair[1]]))
        parents[a] = parents[b] = node
        regions[node] = regions.pop(a) | regions.pop(b)
    return np.array(parents)


@pytest.mark.parametrize("seed", range(6))
def test_by_strength_merges_as_a_naive_search_does(seed):
    partition = make_partition(seed, 12, 15, 4)

    def cost(one: set, other: set) -> float:
        between = [
            i
            for i, (a, b) in enumerate(zip(partition.first, partition.second, strict=True))
            if (a in one and b in other) or (b in one and a in other)
        ]
        length, strength = partition.length[between], partition.strength[between, 1]
        smaller = min(partition.areas[list(one)].sum(), partition.areas[list(other)].sum())
        return (length * strength).sum() / length.sum() * smaller**0.5

    assert partition.num_superpixels >= 4
    np.testing.assert_array_equal(
        merging.by_strength(partition, partition.strength[:, 1]), _merge_naively(partition, cost)
    )


@pytest.mark.parametrize("seed", range(4))
def test_by_colour_merges_where_colours_vary_least(seed):
    """Ward: the merge that adds least to the sum of squared distances from the means."""
    partition = make_partition(seed, 12, 15, 4)
    looks = np.concatenate([partition.colour, partition.deviation], axis=1)

    def spread(region: set) -> float:
        one = list(region)
        weight = partition.areas[one][:, None]
        mean = (looks[one] * weight).sum(axis=0) / weight.sum()
        return ((looks[one] - mean) ** 2 * weight).sum()

    def cost(one: set, other: set) -> float:
        return spread(one | other) - spread(one) - spread(other)

    regions = merging.node_members(merging.by_colour(partition))
    expected = merging.node_members(_merge_naively(partition, cost))
    assert {tuple(region) for region in regions} == {tuple(region) for region in expected}


def test_by_volume_keeps_large_basins_and_gives_up_small_ones():
    """Three basins of two superpixels; the weaker ridge parts the two large ones."""
    partition = row([20, 20, 20, 20, 2, 2], [0.1, 0.4, 0.1, 0.5, 0.1])
    strength = partition.strength[:, 0]
    regions = merging.node_members(merging.by_volume(partition, strength)).astype(int).tolist()
    assert [0, 0, 1, 1, 1, 1] in regions and [1, 1, 1, 1, 0, 0] not in regions
    # With a third basin as large as the others, the weaker ridge falls first.
    even = row([20] * 6, [0.1, 0.4, 0.1, 0.5, 0.1])
    regions = merging.node_members(merging.by_volume(even, strength)).astype(int).tolist()
    assert [1, 1, 1, 1, 0, 0] in regions and [0, 0, 1, 1, 1, 1] not in regions


PARTITIONS = {
    "noise": make_partition(0, 30, 40),
    "many ties": row([4] * 17, [0.3] * 16, 2),
    "no strength": row([4] * 9, [0.0] * 8, 2),
    "one": row([5], [], 3),
    "two": row([5, 4], [0.2], 3),
    "three": row([1, 1, 1], [0.2, 0.1]),
}


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("case", PARTITIONS)
def test_every_tree_is_binary_and_of_connected_regions(case, criterion):
    partition = PARTITIONS[case]
    num = partition.num_superpixels
    parents = CRITERIA[criterion](partition)
    assert parents.dtype == np.int64 and parents.shape == (2 * num - 1,)
    nodes = np.arange(parents.size)
    assert parents[-1] == nodes[-1] and (parents[:-1] > nodes[:-1]).all()
    children = np.bincount(parents[:-1], minlength=parents.size)
    assert (children[:num] == 0).all() and (children[num:] == 2).all()
    members = merging.node_members(parents)
    assert members.shape == (2 * num - 1, num) and members[-1].all()
    for region in members:
        assert ndimage.label(region[partition.superpixels])[1] == 1
    np.testing.assert_array_equal(CRITERIA[criterion](partition), parents)


def test_node_members_are_the_leaves_below():
    parents = np.array([5, 5, 4, 4, 6, 6, 6])
    expected = ["1000", "0100", "0010", "0001", "0011", "1100", "1111"]
    members = merging.node_members(parents)
    assert ["".join(map(str, region.astype(int))) for region in members] == expected
