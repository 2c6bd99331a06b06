"""From an image and its edge maps to a ranked pool: the whole of combinatorial grouping."""

import dataclasses

import numpy as np
from threadpoolctl import threadpool_limits

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.combinatorial import merging
from boxsup_tf.proposals.combinatorial.duplicates import first_of_each, first_of_similar
from boxsup_tf.proposals.combinatorial.features import Described, describe
from boxsup_tf.proposals.combinatorial.holes import fill_holes
from boxsup_tf.proposals.combinatorial.partition import Partition, build_partition
from boxsup_tf.proposals.combinatorial.ranking import Ranker, diverse_order
from boxsup_tf.proposals.combinatorial.tuples import LIMITS, combine
from boxsup_tf.proposals.superpixels import SuperpixelOptions, fine_superpixels
from boxsup_tf.settings import option

_MAX_JACCARD = 0.95
# Ranked per candidate wanted: filling holes and dropping near-duplicates costs some.
_SPARE = 1.2


@dataclasses.dataclass(frozen=True)
class GroupingOptions(SuperpixelOptions):
    """Options of mcg and scg.

    Attributes:
        max_regions: the most regions of a hierarchy that a candidate unites, 1 to 4.
        max_candidates: the limit; the best are kept.
    """

    max_regions: int = option(4, at_least=1, at_most=4)


def propose_candidates(
    image: np.ndarray, edges: np.ndarray, options: GroupingOptions
) -> tuple[Partition, Described]:
    """All distinct candidates of all trees, described but not ranked; arguments of `group`."""
    superpixels = fine_superpixels(
        edges.mean(axis=0), options.sigma, options.min_area, options.max_superpixels
    )
    partition = build_partition(superpixels, image, edges)
    trees = grow_trees(partition)
    adjacent = np.stack([partition.first, partition.second], axis=1)
    limits = LIMITS[: options.max_regions - 1]
    combinations = [combine(tree, adjacent, limits) for tree in trees]
    return partition, describe(partition, trees, combinations)


def grow_trees(partition: Partition) -> list[np.ndarray]:
    """The hierarchies: by every edge map, by their mean, by volume and by colour."""
    maps = partition.strength.T
    trees = [merging.by_strength(partition, strength) for strength in maps]
    if len(maps) > 1:
        trees.append(merging.by_strength(partition, maps.mean(axis=0)))
        trees.append(merging.by_volume(partition, maps.mean(axis=0)))
        trees.append(merging.by_colour(partition))
    return trees


def group(
    image: np.ndarray, edges: np.ndarray, options: GroupingOptions, ranker: Ranker, method: str
) -> CandidatePool:
    """The ranked pool of an image.

    Args:
        image: uint8 [H, W, 3], RGB.
        edges: float32 [M, H, W], edge maps.
        method: the pool's.

    Returns:
        At most `max_candidates`, the best first; each connected, without holes, no two with an
        IoU above 0.95.
    """
    # Sums of many threads come in another order, and near-equal candidates change places; one
    # thread is also the faster for matrices of this size.
    with threadpool_limits(1, user_api="blas"):
        partition, candidates = propose_candidates(image, edges, options)
        estimates = ranker.estimate(candidates.features)
        order = diverse_order(candidates, estimates, round(_SPARE * options.max_candidates))
        members = fill_holes(candidates.members[order], partition)
        members = members[first_of_each(members)]
        members = members[first_of_similar(members, partition.areas, _MAX_JACCARD)]
    return CandidatePool(partition.superpixels, members[: options.max_candidates], method)
