"""Merges the superpixels of a partition into binary trees, by several criteria.

A tree is int64 [V], the parent of every node: nodes 0 .. R-1 are the superpixels, children come
before their parents, and the root, the last node, is its own parent.
"""

import heapq

import higra as hg
import numpy as np

from boxsup_tf.proposals.combinatorial.partition import Partition


def by_strength(partition: Partition, strength: np.ndarray) -> np.ndarray:
    """Average linkage of boundary strength, weak boundaries first, small regions before large.

    The next boundary is that of the smallest mean strength times the square root of the smaller
    region's area. Strength alone, as in P. Arbelaez et al., TPAMI 2011, lets one large region
    eat its small neighbours one by one, and few of the nodes are objects; docs/proposals.md has
    the measurement. `strength` is that of every boundary, float64 [E].
    """
    num = partition.num_superpixels
    size = partition.areas.tolist() + [0.0] * (num - 1)
    # beside[a][b]: summed strength and length of the boundary between the living a and b.
    beside: list[dict[int, tuple[float, float]]] = [{} for _ in range(2 * num - 1)]
    queue = []
    columns = (partition.first, partition.second, strength, partition.length)
    for a, b, mean, length in zip(*(column.tolist() for column in columns), strict=True):
        beside[a][b] = beside[b][a] = (mean * length, length)
        queue.append((mean * min(size[a], size[b]) ** 0.5, a, b))
    heapq.heapify(queue)
    parents = list(range(2 * num - 1))
    node = num
    while node < 2 * num - 1:
        _, a, b = heapq.heappop(queue)
        if parents[a] != a or parents[b] != b:
            continue  # one of them is merged already
        parents[a] = parents[b] = node
        size[node] = size[a] + size[b]
        around = beside[node] = beside[a]
        for other, (total, length) in beside[b].items():
            if other in around:
                total, length = total + around[other][0], length + around[other][1]
            around[other] = (total, length)
        del around[a], around[b]
        for other, (total, length) in around.items():
            its = beside[other]
            its.pop(a, None)
            its.pop(b, None)
            its[node] = (total, length)
            least = min(size[node], size[other]) ** 0.5
            heapq.heappush(queue, (total / length * least, other, node))
        beside[b] = {}
        node += 1
    return np.array(parents, np.int64)


def by_colour(partition: Partition) -> np.ndarray:
    """Ward's linkage of colour and texture (mean and deviation in Lab)."""
    looks = np.concatenate([partition.colour, partition.deviation], axis=1)
    tree, _ = hg.binary_partition_tree_ward_linkage(_graph(partition), looks, partition.areas)
    return _parents(tree)


def by_volume(partition: Partition, strength: np.ndarray) -> np.ndarray:
    """Watershed hierarchy by volume: a region lives as long as its basin is large and deep.

    F. Meyer. The dynamics of minima and contours. ISMM 1996; J. Cousty, L. Najman. Incremental
    algorithm for hierarchical minimum spanning forests and saliency of watershed cuts. ISMM 2011.
    """
    if partition.num_superpixels == 1:  # higra ends the process on a graph without edges
        return np.zeros(1, np.int64)
    graph = _graph(partition)
    tree, altitudes = hg.watershed_hierarchy_by_volume(graph, strength, partition.areas)
    # The hierarchy merges many regions at once where altitudes tie: made binary here.
    return _parents(hg.bpt_canonical(graph, hg.saliency(tree, altitudes))[0])


def node_members(parents: np.ndarray) -> np.ndarray:
    """bool [V, R]: the superpixels of every node of a tree."""
    num = (parents.size + 1) // 2
    members = np.zeros((parents.size, num), bool)
    members[np.arange(num), np.arange(num)] = True
    for node, parent in enumerate(parents[:-1]):
        members[parent] |= members[node]
    return members


def _graph(partition: Partition) -> hg.UndirectedGraph:
    graph = hg.UndirectedGraph(partition.num_superpixels)
    graph.add_edges(partition.first, partition.second)
    return graph


def _parents(tree: hg.Tree) -> np.ndarray:
    return np.asarray(tree.parents(), np.int64)
