"""pools.candidates.CandidatePool: masks in, the same masks out."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from boxsup_tf.pools.candidates import CandidatePool, superpixel_boxes_yxyx


def _blobs(seed: int, num: int, height: int = 31, width: int = 27) -> np.ndarray:
    """bool [N, H, W]: overlapping ellipses, none empty."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    cy, cx = rng.uniform(0, height, (num, 1, 1)), rng.uniform(0, width, (num, 1, 1))
    ry, rx = rng.uniform(2, 15, (2, num, 1, 1))
    return ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1


@pytest.mark.parametrize("num", [1, 7, 8, 9, 40])
def test_from_masks_keeps_every_mask(num):
    masks = _blobs(num, num)
    pool = CandidatePool.from_masks(masks, "blobs")
    assert pool.num_candidates == num
    for candidate in range(num):
        np.testing.assert_array_equal(pool.mask(candidate), masks[candidate])


def test_from_masks_makes_the_coarsest_refinement():
    masks = _blobs(0, 12)
    pool = CandidatePool.from_masks(masks, "blobs")
    patterns = np.unique(masks.reshape(12, -1), axis=1)
    assert pool.membership.shape[1] == patterns.shape[1]


def test_areas_and_tight_boxes_agree_with_pycocotools():
    masks = _blobs(3, 50)
    pool = CandidatePool.from_masks(masks, "blobs")
    rles = mask_utils.encode(np.asfortranarray(masks.transpose(1, 2, 0), np.uint8))
    np.testing.assert_array_equal(pool.areas, mask_utils.area(rles))
    x, y, w, h = mask_utils.toBbox(rles).T
    np.testing.assert_array_equal(pool.tight_boxes, np.stack([y, x, y + h, x + w], axis=1))


@pytest.mark.parametrize("one_per_box", [False, True])
@pytest.mark.parametrize("num", [1, 8, 17])
def test_pack_and_unpack(num, one_per_box):
    pool = CandidatePool.from_masks(_blobs(1, num), "blobs", one_per_box)
    again = CandidatePool.unpack(*pool.pack(), num, "blobs", one_per_box)
    np.testing.assert_array_equal(again.superpixels, pool.superpixels)
    np.testing.assert_array_equal(again.membership, pool.membership)
    assert again.superpixels.dtype == np.int32
    assert (again.method, again.one_per_box) == ("blobs", one_per_box)
    assert again.pack() == pool.pack()


def test_more_superpixels_than_fit_in_8_bits():
    superpixels = np.arange(40 * 50, dtype=np.int32).reshape(40, 50)
    membership = np.random.default_rng(0).random((30, 2000)) < 0.3
    pool = CandidatePool(superpixels, membership, "pixels")
    again = CandidatePool.unpack(*pool.pack(), 30, "pixels", False)
    np.testing.assert_array_equal(again.superpixels, superpixels)
    np.testing.assert_array_equal(again.membership, membership)


@pytest.mark.parametrize(
    "pool",
    [
        CandidatePool.from_masks(np.zeros((0, 4, 5), bool), "none"),
        CandidatePool(np.arange(20, dtype=np.int32).reshape(4, 5), np.zeros((0, 20), bool), "none"),
    ],
    ids=["one superpixel", "many superpixels"],
)
def test_a_pool_without_candidates(pool):
    again = CandidatePool.unpack(*pool.pack(), 0, "none", False)
    assert again.membership.shape == pool.membership.shape
    assert again.areas.shape == (0,) and again.tight_boxes.shape == (0, 4)


def test_superpixel_boxes_against_brute_force():
    superpixels = np.random.default_rng(5).integers(0, 6, (9, 11))
    boxes = superpixel_boxes_yxyx(superpixels, 6)
    for label in range(6):
        y, x = np.nonzero(superpixels == label)
        np.testing.assert_array_equal(boxes[label], [y.min(), x.min(), y.max() + 1, x.max() + 1])


@pytest.mark.parametrize(
    ("superpixels", "membership", "message"),
    [
        (np.zeros((2, 2, 1), np.int32), np.ones((1, 1), bool), r"superpixels must be \[H, W\]"),
        (np.zeros((2, 2), np.int32), np.ones((1, 1), np.uint8), "must be bool"),
        (np.array([[0, 2]]), np.ones((1, 3), bool), "exactly 0 .. 2"),
        (np.array([[0, 1]]), np.ones((1, 1), bool), "exactly 0 .. 0"),
        (np.array([[0, 1]]), np.array([[True, False], [False, False]]), "candidate 1 is empty"),
    ],
)
def test_a_broken_pool_is_refused(superpixels, membership, message):
    with pytest.raises(ValueError, match=message):
        CandidatePool(superpixels, membership, "broken")


def test_an_empty_mask_is_refused():
    masks = _blobs(0, 3)
    masks[1] = False
    with pytest.raises(ValueError, match="candidate 1 is empty"):
        CandidatePool.from_masks(masks, "blobs")


def test_unpack_refuses_another_count():
    superpixels, membership = CandidatePool.from_masks(_blobs(0, 9), "blobs").pack()
    with pytest.raises(ValueError, match="for 17 candidates"):
        CandidatePool.unpack(superpixels, membership, 17, "blobs", False)
