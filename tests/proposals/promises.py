"""What methods that group superpixels promise of every pool, looked at pixel by pixel."""

import numpy as np
from scipy import ndimage

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.pools.candidates import CandidatePool


def check_promises(
    pool: CandidatePool, shape: tuple[int, ...], max_jaccard: float, num_looked_at: int = 40
) -> None:
    """Asserts that masks are connected, no two alike, and that what the pool says of them holds.

    Args:
        pool: of one image; not empty.
        shape: of the image.
        max_jaccard: no two masks have a higher one.
        num_looked_at: random candidates of which all this is checked.
    """
    assert pool.superpixels.shape == shape[:2] and pool.superpixels.dtype == np.int32
    assert pool.num_candidates > 0 and not pool.one_per_box
    rows = {row.tobytes() for row in pool.membership}
    assert len(rows) == pool.num_candidates, "duplicates"
    sizes = np.bincount(pool.superpixels.ravel())
    chosen = np.random.default_rng(0).permutation(pool.num_candidates)[:num_looked_at]
    masks = np.stack([pool.mask(candidate) for candidate in chosen])
    for candidate, mask in zip(chosen, masks, strict=True):
        top, left, bottom, right = tight_box_yxyx(mask)
        assert ndimage.label(mask[top:bottom, left:right])[1] == 1, "not connected"
        assert pool.tight_boxes[candidate].tolist() == [top, left, bottom, right]
        assert pool.areas[candidate] == mask.sum()
        inside = np.bincount(pool.superpixels[mask], minlength=sizes.size)
        np.testing.assert_array_equal(inside, pool.membership[candidate] * sizes)
    bits = np.packbits(masks.reshape(len(masks), -1), axis=1)
    for row, area in zip(bits, pool.areas[chosen], strict=True):
        shared = np.bitwise_count(bits & row).sum(axis=1, dtype=np.int64)
        jaccard = shared / (pool.areas[chosen] + area - shared)
        assert (jaccard > max_jaccard + 1e-6).sum() == 1, "near-duplicates"  # like itself alone
