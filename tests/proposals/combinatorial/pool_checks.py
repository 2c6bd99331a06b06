"""What mcg and scg promise of every pool, looked at pixel by pixel."""

import numpy as np
from scipy import ndimage

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.pools.candidates import CandidatePool


def check_pool(
    pool: CandidatePool, shape: tuple[int, int], num_looked_at: int = 200, max_iou: float = 0.95
) -> None:
    """Asserts the promises; of the candidates, so many random ones are looked at as masks."""
    members = pool.membership
    assert pool.superpixels.shape == shape and pool.superpixels.dtype == np.int32
    assert pool.num_candidates > 0 and not pool.one_per_box
    assert len(np.unique(np.packbits(members, axis=1), axis=0)) == len(members), "duplicates"
    sizes = np.bincount(pool.superpixels.ravel())
    shared = (members * sizes).astype(np.float32) @ members.T.astype(np.float32)
    area = members @ sizes
    too_much = shared > max_iou * (area[:, None] + area[None] - shared) + 1e-6
    assert too_much.sum() == len(members), "near-duplicates"  # each is like itself alone
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(members))[:num_looked_at]
    for candidate in chosen:
        mask = pool.mask(candidate)
        top, left, bottom, right = tight_box_yxyx(mask)
        part = mask[top:bottom, left:right]
        assert ndimage.label(part)[1] == 1, "not connected"
        assert (ndimage.binary_fill_holes(part) == part).all(), "a hole"
        assert pool.tight_boxes[candidate].tolist() == [top, left, bottom, right]
        assert pool.areas[candidate] == mask.sum()
