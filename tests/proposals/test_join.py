"""proposals.join: pools joined exactly, none twice, in turns."""

import numpy as np
import pytest

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.join import join


def _pool(seed: int, num: int, one_per_box: bool = False, height: int = 12) -> CandidatePool:
    """Random rectangles."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((num, height, 15), bool)
    for mask in masks:
        top, left = rng.integers(0, height - 4), rng.integers(0, 11)
        mask[top : top + rng.integers(1, 5), left : left + rng.integers(1, 5)] = True
    return CandidatePool.from_masks(masks, f"made {seed}", one_per_box)


def _masks(pool: CandidatePool) -> list[bytes]:
    return [pool.mask(candidate).tobytes() for candidate in range(pool.num_candidates)]


@pytest.mark.parametrize("sizes", [(7,), (5, 9), (9, 5, 1), (4, 0, 6)])
def test_all_masks_in_turns_none_twice(sizes):
    pools = [_pool(seed, num) for seed, num in enumerate(sizes)]
    turns = [
        _masks(pool)[turn]
        for turn in range(max(sizes))
        for pool in pools
        if turn < pool.num_candidates
    ]
    joined = join(pools, "both")
    assert _masks(joined) == list(dict.fromkeys(turns))
    assert joined.method == "both" and not joined.one_per_box
    assert joined.superpixels.dtype == np.int32 and joined.membership.dtype == bool


def test_cells_are_those_of_the_common_refinement():
    pools = [_pool(seed, 6) for seed in range(3)]
    joined = join(pools, "")
    stacked = np.stack([pool.superpixels.ravel() for pool in pools])
    assert joined.membership.shape[1] == np.unique(stacked, axis=1).shape[1]


def test_what_two_pools_share_is_kept_once():
    pool, other = _pool(0, 6), _pool(1, 4)
    joined = join([pool, other, pool], "")
    assert _masks(joined) == _masks(join([pool, other], ""))


def test_candidates_of_single_boxes_become_ordinary_ones():
    joined = join([_pool(0, 3, one_per_box=True), _pool(1, 3)], "")
    assert not joined.one_per_box and joined.num_candidates == 6


def test_empty_pools_join_to_an_empty_one():
    joined = join([_pool(0, 0), _pool(1, 0)], "")
    assert joined.num_candidates == 0 and joined.superpixels.shape == (12, 15)


def test_pools_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"\(10, 15\), \(12, 15\)"):
        join([_pool(0, 3), _pool(0, 3, height=10)], "")


def test_many_pools_of_many_superpixels_do_not_overflow():
    each = np.arange(4096, dtype=np.int32).reshape(64, 64)  # 4096 ** 6 > 2 ** 63
    pools = [CandidatePool(np.roll(each, i), np.ones((1, 4096), bool), "") for i in range(6)]
    joined = join(pools, "")
    assert joined.num_candidates == 1 and joined.membership.shape[1] == 4096
