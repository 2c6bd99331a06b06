"""Several pools of one image as one pool."""

from collections.abc import Sequence

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.combinatorial.duplicates import first_of_each


def join(pools: Sequence[CandidatePool], method: str) -> CandidatePool:
    """All candidates of several pools, each mask exactly as it was and none twice.

    The superpixels are the cells of the common refinement of the pools' superpixels.

    Args:
        pools: of one image, at least one.
        method: of the joined pool.

    Returns:
        A pool that lists the first candidate of every pool, then the second of every pool, and
        so on, so that any prefix holds an equal share of each; of equal masks the first.
        Any candidate may be chosen by any box, also those that a pool made for one box alone.

    Raises:
        ValueError: the pools are of images of different sizes, or the common refinement has more
            superpixels than a pool may.
    """
    sizes = {pool.superpixels.shape for pool in pools}
    if len(sizes) != 1:
        raise ValueError(f"pools of images of the sizes {sorted(sizes)}: expected one size")
    cells = np.zeros(sizes.pop(), np.int64)
    for pool in pools:
        # Numbered anew after every pool: a product of many numbers of superpixels may overflow.
        pairs = cells * pool.membership.shape[1] + pool.superpixels
        _, first, cells = np.unique(pairs, return_index=True, return_inverse=True)
        cells = cells.reshape(pool.superpixels.shape)
    rows = [pool.membership[:, pool.superpixels.ravel()[first]] for pool in pools]
    turns = np.concatenate([np.arange(len(row)) for row in rows])
    membership = np.concatenate(rows)[np.argsort(turns, kind="stable")]
    return CandidatePool(cells.astype(np.int32), membership[first_of_each(membership)], method)
