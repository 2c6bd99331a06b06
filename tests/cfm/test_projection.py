"""cfm.projection against pixels looked at one by one."""

import numpy as np
import pytest

from boxsup_tf.cfm.projection import STRIDE, project
from boxsup_tf.pools.candidates import CandidatePool


def _by_pixel(mask: np.ndarray, size: tuple[int, int], scale: float):
    """A mask and a box of features, from every pixel's nearest one."""
    inside, total = np.zeros(size), np.zeros(size)
    for y, x in np.ndindex(mask.shape):
        place = [((p + 0.5) * scale - 0.5) / STRIDE for p in (y, x)]
        distance = [np.abs(np.arange(n) - p) for n, p in zip(size, place, strict=True)]
        # Of two that are equally near the later one, as rounding up has it.
        cell = tuple(len(d) - 1 - int(d[::-1].argmin()) for d in distance)
        total[cell] += 1
        inside[cell] += mask[y, x]
    share = np.divide(inside, total, out=np.zeros(size), where=total > 0)
    rows, columns = (np.flatnonzero(share.any(axis=axis)) for axis in (1, 0))
    box = [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
    return share >= min(0.5, share.max()), box


@pytest.mark.parametrize(("scale", "size"), [(1.0, (5, 7)), (1.5, (7, 9)), (0.75, (3, 5))])
def test_every_pixel_counts_for_the_nearest_feature(scale, size):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:50, :70]
    masks = [
        (y - cy) ** 2 + (x - cx) ** 2 < r**2
        for cy, cx, r in zip(*rng.uniform((5, 5, 2), (45, 65, 30), (12, 3)).T, strict=True)
    ]
    tiny = np.zeros((50, 70), bool)
    tiny[20, 31] = True  # half of no feature's pixels
    masks = np.array([*masks, tiny, np.ones((50, 70), bool)])
    pool = CandidatePool.from_masks(masks, "test")
    found, boxes = project(pool.superpixels, pool.membership, size, scale)
    for mask, of_features, box in zip(masks, found, boxes, strict=True):
        expected, expected_box = _by_pixel(mask, size, scale)
        np.testing.assert_array_equal(of_features, expected)
        assert box.tolist() == expected_box
    assert found[-2].sum() == 1


def test_no_segment():
    masks, boxes = project(np.zeros((20, 30), np.int32), np.zeros((0, 1), bool), (3, 3), 1.0)
    assert masks.shape == (0, 3, 3) and boxes.shape == (0, 4)
