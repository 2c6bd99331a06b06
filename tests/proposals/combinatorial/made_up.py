"""Made-up partitions, rankers and candidates for the tests of combinatorial grouping."""

import numpy as np
from scipy import ndimage

from boxsup_tf.proposals.combinatorial.features import describe
from boxsup_tf.proposals.combinatorial.merging import by_strength
from boxsup_tf.proposals.combinatorial.partition import Partition, build_partition
from boxsup_tf.proposals.combinatorial.ranking import Ranker, make_ranker
from boxsup_tf.proposals.combinatorial.tuples import combine


def make_superpixels(seed: int, height: int, width: int, cell: int) -> np.ndarray:
    """int32 [H, W]: connected superpixels of uneven shapes, some around others.

    Args:
        cell: side of the squares of which they are put together, pixels.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 4, (-(-height // cell), -(-width // cell)))
    kinds = kinds.repeat(cell, 0).repeat(cell, 1)[:height, :width]
    labels, num = np.zeros((height, width), np.int32), 0
    for kind in range(4):
        parts, found = ndimage.label(kinds == kind)
        labels[parts > 0] = parts[parts > 0] - 1 + num
        num += found
    return labels


def make_partition(
    seed: int, height: int = 18, width: int = 22, cell: int = 3, num_maps: int = 2
) -> Partition:
    """A partition of noise."""
    superpixels = make_superpixels(seed, height, width, cell)
    rng = np.random.default_rng(seed + 1)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    return build_partition(superpixels, image, rng.random((num_maps, height, width), np.float32))


def row(lengths: list[int], values: list[float], height: int = 1) -> Partition:
    """Superpixels side by side, of these widths; a boundary's strength is that on its left."""
    superpixels = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)[None]
    superpixels = superpixels.repeat(height, axis=0)
    edges = np.zeros(superpixels.shape, np.float32)
    for end, value in zip(np.cumsum(lengths), values, strict=False):
        edges[:, end - 1 : end + 1] = value
    image = np.zeros((*superpixels.shape, 3), np.uint8)
    return build_partition(superpixels, image, edges[None])


def random_members(seed: int, num: int, partition: Partition) -> np.ndarray:
    """bool [num, R]: random sets of superpixels, none empty; not all of them connected."""
    rng = np.random.default_rng(seed)
    shape = (num, partition.num_superpixels)
    members = rng.random(shape) < rng.uniform(0.2, 0.9, (num, 1))
    members[np.arange(num), rng.integers(0, shape[1], num)] = True
    return members


def random_ranker(num_features: int, seed: int = 0) -> Ranker:
    """Weights of no sense: an order that has nothing to do with how candidates were made."""
    rng = np.random.default_rng(seed)
    arrays = {
        "mean": rng.normal(0, 0.1, num_features),
        "scale": rng.uniform(0.5, 2, num_features),
        "kernel0": rng.normal(0, 0.3, (2, num_features, 8)),
        "bias0": rng.normal(0, 0.3, (2, 8)),
        "kernel1": rng.normal(0, 0.3, (2, 8, 1)),
        "bias1": rng.normal(0, 0.3, (2, 1)),
    }
    return make_ranker({key: value.astype(np.float32) for key, value in arrays.items()})


def num_features(num_maps: int, num_trees: int) -> int:
    """How many numbers describe a candidate."""
    partition = make_partition(0, num_maps=num_maps)
    tree = by_strength(partition, partition.strength[:, 0])
    adjacent = np.stack([partition.first, partition.second], axis=1)
    combinations = combine(tree, adjacent)
    return describe(partition, [tree] * num_trees, [combinations] * num_trees).features.shape[1]
