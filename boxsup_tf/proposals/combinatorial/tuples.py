"""Singles, pairs, triplets and 4-tuples of adjacent regions of a tree.

J. Pont-Tuset et al., TPAMI 2017, Sec. 5: an object is often not one region of a hierarchy but a
few that lie side by side. Only regions that are there at the same moment of the merging are
combined: others contain one another or mix coarse with fine.
"""

from collections.abc import Sequence

import numpy as np

from boxsup_tf.proposals.region_graph import neighbours

# Pairs, triplets and 4-tuples are formed once no more regions than this are left.
LIMITS = (300, 50, 10)


def combine(
    parents: np.ndarray, adjacent: np.ndarray, limits: Sequence[int] = LIMITS
) -> np.ndarray:
    """All nodes of a tree, and what each merged region makes with others; each is connected.

    Within the limits, a combination is formed when its newest region comes to be by a merge; so
    superpixels alone are not combined.

    Args:
        parents: int64 [V], a binary tree as in `merging`.
        adjacent: int [E, 2], the adjacent superpixels.
        limits: as `LIMITS`, none above the one before; what has no limit is not formed.

    Returns:
        int32 [N, 4], the nodes of every combination, unused places filled with V; no
        combination occurs twice, though different ones may unite to the same region.
    """
    num_nodes = parents.size
    num = (num_nodes + 1) // 2
    beside = neighbours(adjacent, num_nodes)
    children: list[list[int]] = [[] for _ in range(num_nodes)]
    for node, parent in enumerate(parents[:-1].tolist()):
        children[parent].append(node)

    combinations: list[tuple[int, ...]] = [(node,) for node in range(num_nodes)]
    for node in range(num, num_nodes):
        a, b = children[node]
        around = beside[node] = (beside[a] | beside[b]) - {a, b}
        for other in around:
            beside[other] -= {a, b}
            beside[other].add(node)
        # Every new combination holds the region that has just come to be.
        grown: list[tuple[int, ...]] = [(node,)]
        for limit in limits:
            if num_nodes - node > limit:
                break
            grown = _grow(grown, beside)
            combinations += grown
    filled = np.full((len(combinations), 4), num_nodes, np.int32)
    sizes = np.array([len(combination) for combination in combinations])
    for size in (1, 2, 3, 4):
        of_size = [c for c in combinations if len(c) == size]
        filled[sizes == size, :size] = np.array(of_size, np.int32).reshape(-1, size)
    return filled


def _grow(smaller: list[tuple[int, ...]], beside: list[set[int]]) -> list[tuple[int, ...]]:
    """The connected combinations with one region more; the first, newest region stays first."""
    grown = set()
    for first, *rest in smaller:
        members = {first, *rest}
        for member in members:
            for other in beside[member] - members:
                grown.add((first, *sorted([*rest, other])))
    return sorted(grown)
