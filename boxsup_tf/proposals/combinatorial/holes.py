"""Fills the holes of candidates, all candidates at once."""

import numpy as np

from boxsup_tf.proposals.combinatorial.partition import Partition


def fill_holes(members: np.ndarray, partition: Partition) -> np.ndarray:
    """Adds to every candidate the superpixels from which the image's border cannot be reached.

    The outside is flooded from the border through the partition's graph; the candidates are
    bits of one row per superpixel, so that one step floods all of them.

    Args:
        members: bool [N, R]; so is what is returned, in which no candidate has a hole (pixels
            count as joined through four neighbours).
    """
    outside = np.packbits(~members.T, axis=1)  # [R, ceil(N / 8)]
    flooded = np.where(partition.border[:, None] > 0, outside, np.uint8(0))
    source = np.concatenate([partition.first, partition.second])
    target = np.concatenate([partition.second, partition.first])
    order = np.argsort(target, kind="stable")
    source, target = source[order], target[order]
    reached, starts = np.unique(target, return_index=True)
    while reached.size:
        arriving = np.bitwise_or.reduceat(flooded[source], starts, axis=0) & outside[reached]
        grown = flooded[reached] | arriving
        if np.array_equal(grown, flooded[reached]):
            break
        flooded[reached] = grown
    return ~np.unpackbits(flooded, axis=1, count=len(members)).T.astype(bool)
