"""Finds candidates that are the same, or nearly the same, as one before them."""

import numpy as np

from boxsup_tf.pools.packing import row_keys

_BLOCK = 256  # candidates compared at a time


def first_of_each(members: np.ndarray) -> np.ndarray:
    """int64: the indices of candidates (bool [N, R]) that equal none before them, rising."""
    if len(members) == 0:
        return np.zeros(0, np.int64)
    return np.sort(np.unique(row_keys(members), return_index=True)[1])


def first_of_similar(members: np.ndarray, areas: np.ndarray, max_jaccard: float) -> np.ndarray:
    """Drops every candidate that is too similar to a kept one before it.

    Args:
        members: bool [N, R], the better candidates first.
        areas: float64 [R], pixels of the superpixels.
        max_jaccard: two kept candidates' intersection over union is at most this.

    Returns:
        int64: the indices of those kept, rising.
    """
    size = members @ areas
    by_size = np.argsort(size, kind="stable")
    sorted_size = size[by_size]
    # Jaccard is at most the ratio of areas: only candidates of like size are compared.
    stop = np.searchsorted(sorted_size, sorted_size / max_jaccard, side="right")
    weighted = (members[by_size] * areas).astype(np.float32)
    plain = members[by_size].astype(np.float32)
    earlier, later = [], []
    for start in range(0, len(members), _BLOCK):
        end = min(start + _BLOCK, len(members))
        last = int(stop[end - 1])
        shared = weighted[start:end] @ plain[start:last].T
        union = sorted_size[start:end, None] + sorted_size[None, start:last] - shared
        similar = np.triu(shared > max_jaccard * union, 1)
        rows, columns = np.nonzero(similar)
        pair = np.stack([by_size[start + rows], by_size[start + columns]])
        earlier.append(pair.min(axis=0))
        later.append(pair.max(axis=0))
    one, other = np.concatenate(earlier), np.concatenate(later)
    order = np.lexsort((one, other))
    dropped = np.zeros(len(members), bool)
    for kept, candidate in zip(one[order].tolist(), other[order].tolist(), strict=True):
        # Pairs come by rising later index: whether `kept` stays is settled already.
        if not dropped[kept]:
            dropped[candidate] = True
    return np.flatnonzero(~dropped)
