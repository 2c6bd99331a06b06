"""combinatorial.tuples against all sets of up to four nodes."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.proposals.combinatorial import merging
from boxsup_tf.proposals.combinatorial.partition import Partition
from boxsup_tf.proposals.combinatorial.tuples import LIMITS, combine
from tests.proposals.combinatorial.made_up import make_partition, row


def _brute_force(
    partition: Partition, parents: np.ndarray, limits: tuple[int, ...]
) -> set[frozenset]:
    """Sets of nodes that are there at one time and form one connected region of pixels.

    The newest of them must have come to be, by a merge, when few enough were left.
    """
    num = partition.num_superpixels
    regions = merging.node_members(parents)[:, partition.superpixels]
    born = np.maximum(np.arange(parents.size) - num + 1, 0)  # 0: there from the start
    merged = np.append(parents[:-1] - num + 1, num)
    found = {frozenset([node]) for node in range(parents.size)}
    for size, limit in enumerate(limits, start=2):
        for nodes in itertools.combinations(range(parents.size), size):
            newest = max(born[n] for n in nodes)
            together = newest < min(merged[n] for n in nodes)
            if together and newest > 0 and num - newest <= limit:
                mask = np.logical_or.reduce([regions[n] for n in nodes])
                if ndimage.label(mask)[1] == 1:
                    found.add(frozenset(nodes))
    return found


def _adjacent(partition: Partition) -> np.ndarray:
    return np.stack([partition.first, partition.second], axis=1)


@pytest.mark.parametrize("limits", [LIMITS, (5, 5, 5), (7, 4, 3), (6, 5), (4,), ()])
@pytest.mark.parametrize("seed", [4, 5, 6])
def test_all_combinations_are_found_once(seed, limits):
    partition = make_partition(seed, 16, 20, 4)
    assert partition.num_superpixels >= 9
    parents = merging.by_strength(partition, partition.strength[:, 0])
    combinations = combine(parents, _adjacent(partition), limits)
    assert combinations.dtype == np.int32 and combinations.shape[1] == 4
    used = combinations < parents.size
    assert (combinations[~used] == parents.size).all()
    assert (np.diff(used.astype(int), axis=1) <= 0).all(), "unused places come last"
    sets = [frozenset(nodes[nodes < parents.size].tolist()) for nodes in combinations]
    assert [len(s) for s in sets] == used.sum(axis=1).tolist()
    assert len(set(sets)) == len(sets)
    assert set(sets) == _brute_force(partition, parents, limits)


def test_a_deep_tree_has_all_its_nodes_and_some_pairs():
    partition = make_partition(0, 40, 50, 2)
    parents = merging.by_colour(partition)
    combinations = combine(parents, _adjacent(partition), (20,))
    np.testing.assert_array_equal(combinations[: parents.size, 0], np.arange(parents.size))
    pairs = combinations[parents.size :]
    assert (pairs[:, :2].max(axis=1) >= parents.size - 20).all()
    assert (pairs[:, 2:] == parents.size).all() and len(pairs) > 20


@pytest.mark.parametrize("num", [1, 2])
def test_one_and_two_superpixels(num):
    partition = row([3] * num, [0.5] * (num - 1))
    parents = merging.by_strength(partition, partition.strength[:, 0])
    combinations = combine(parents, _adjacent(partition))
    v = 2 * num - 1
    assert combinations.tolist() == [[node, v, v, v] for node in range(v)]
