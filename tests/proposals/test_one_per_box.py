"""proposals.one_per_box: pools of one candidate per box."""

import numpy as np
import pytest

from boxsup_tf import boxes as box_ops
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.one_per_box import are_rectangles, filled_windows_yxyx, pool_of_masks
from boxsup_tf.proposals.proposal_input import ProposalInput


def _boxes(num: int, height: int, width: int, seed: int) -> np.ndarray:
    """Random boxes, whole and fractional, some reaching out of the image."""
    rng = np.random.default_rng(seed)
    edges = rng.uniform(-2, np.array([height, width, height, width]) + 2, (num, 4))
    edges = np.where(rng.random((num, 1)) < 0.5, np.round(edges * 2) / 2, edges)
    return np.concatenate(
        [np.minimum(edges[:, :2], edges[:, 2:]), np.maximum(edges[:, :2], edges[:, 2:])], axis=1
    ).astype(np.float32)


def test_windows_hold_the_pixels_whose_centres_lie_in_the_box():
    boxes = _boxes(500, 9, 13, seed=0)
    inside = box_ops.inside_yxyx(boxes, 9, 13).numpy()
    filled = inside.any(axis=(1, 2))
    assert 0 < filled.sum() < 500
    tight = [box_ops.tight_box_yxyx(mask) for mask in inside[filled]]
    np.testing.assert_array_equal(filled_windows_yxyx(boxes[filled], 9, 13), tight)
    for box in boxes[~filled]:
        with pytest.raises(ValueError, match="holds no pixel's centre"):
            filled_windows_yxyx(box[None], 9, 13)


@pytest.mark.parametrize("box", [[np.nan, 0, 3, 3], [2, 2, 1, 3], [20, 0, 30, 3], [0, -5, 3, -1]])
def test_what_is_no_box_of_the_image_is_named(box):
    boxes = np.array([[0, 0, 3, 3], box], np.float32)
    with pytest.raises(ValueError, match="holds no pixel's centre") as caught:
        filled_windows_yxyx(boxes, 9, 13)
    assert str(boxes[1].tolist()) in str(caught.value)


def test_masks_come_back_and_small_ones_become_rectangles():
    inputs = ProposalInput(
        np.zeros((8, 10, 3), np.uint8),
        np.array([[0, 0, 4, 4], [2, 2, 6, 7], [1, 1, 6, 6], [7, 9, 8, 10]], np.float32),
    )
    rng = np.random.default_rng(0)
    masks = [np.zeros((4, 4), bool), rng.random((4, 5)) < 0.5, np.zeros((5, 5), bool)]
    masks += [np.ones((1, 1), bool)]
    masks[2][0, :4] = True  # 16 %
    pool = pool_of_masks(inputs, masks, "some", min_share=0.2)
    assert pool.one_per_box and pool.method == "some"
    expected = np.zeros((4, 8, 10), bool)
    expected[0, :4, :4] = True
    expected[1, 2:6, 2:7] = masks[1]
    expected[2, 1:6, 1:6] = True
    expected[3, 7, 9] = True
    np.testing.assert_array_equal([pool.mask(n) for n in range(4)], expected)
    assert are_rectangles(pool, inputs.boxes).sum() == 3
    # Of less than the share: 16 % is not less than 0.16.
    kept = pool_of_masks(inputs, masks, "some", min_share=0.16)
    assert kept.areas.tolist() == [16, masks[1].sum(), 4, 1]
    assert are_rectangles(kept, inputs.boxes).sum() == 2


def test_boxes_and_masks_must_be_as_many():
    inputs = ProposalInput(np.zeros((8, 10, 3), np.uint8), np.array([[0, 0, 4, 4]], np.float32))
    with pytest.raises(ValueError):
        pool_of_masks(inputs, [], "none")


def test_rectangles_are_told_in_pools_of_one_per_box_only():
    boxes = np.array([[0, 0, 2, 2]], np.float32)
    masks = np.ones((1, 2, 2), bool)
    assert are_rectangles(CandidatePool.from_masks(masks, "x", one_per_box=True), boxes).all()
    with pytest.raises(ValueError, match="one_per_box=False: expected one for each of 1 boxes"):
        are_rectangles(CandidatePool.from_masks(masks, "x"), boxes)
    with pytest.raises(ValueError, match="1 candidates, .*expected one for each of 2 boxes"):
        are_rectangles(
            CandidatePool.from_masks(masks, "x", one_per_box=True), np.repeat(boxes, 2, axis=0)
        )
