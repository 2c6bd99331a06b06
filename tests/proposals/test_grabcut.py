"""proposals.methods.grabcut: one candidate per box, cut out by GrabCut."""

import cv2
import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.methods import grabcut
from boxsup_tf.proposals.one_per_box import are_rectangles
from boxsup_tf.proposals.proposal_input import ProposalInput
from tests.proposals import box_segmentation


def test_objects_unlike_their_surroundings_are_cut_out():
    inputs, masks = box_segmentation.discs()
    pool = grabcut.propose(inputs, grabcut.Options())
    assert pool.method == "grabcut" and pool.one_per_box
    for n in range(2):
        assert box_segmentation.iou(pool.mask(n), masks[n]) > 0.97
    assert are_rectangles(pool, inputs.boxes).sum() == 0


def test_a_large_box_is_cut_out_at_a_smaller_size():
    inputs, masks = box_segmentation.discs()
    pool = grabcut.propose(inputs, grabcut.Options(max_side=32))
    for n in range(2):
        assert 0.9 < box_segmentation.iou(pool.mask(n), masks[n]) < 0.999


def test_where_nothing_stands_out_the_candidate_is_the_rectangle():
    image = np.full((60, 80, 3), 90, np.uint8)
    inputs = ProposalInput(image, np.array([[10, 10, 40, 50]], np.float32))
    pool = grabcut.propose(inputs, grabcut.Options(min_share=0.0))
    assert pool.tight_boxes.tolist() == [[10, 10, 40, 50]] and pool.areas.tolist() == [1200]
    assert are_rectangles(pool, inputs.boxes).sum() == 1


def test_a_box_as_large_as_the_image_is_the_rectangle():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    inputs = ProposalInput(image, np.array([[0, 0, 30, 40]], np.float32))
    assert grabcut.propose(inputs, grabcut.Options()).areas.tolist() == [1200]


def test_small_and_odd_images_and_boxes():
    box_segmentation.check_small_and_odd(grabcut)


def test_the_same_every_time():
    box_segmentation.check_the_same_every_time(grabcut)


def test_opencvs_random_state_does_not_matter():
    """For an image and boxes of which one comes out another way from some states."""
    rng = np.random.default_rng(3)
    image = cv2.resize(
        rng.integers(0, 256, (6, 8, 3), np.uint8), (160, 120), interpolation=cv2.INTER_CUBIC
    )
    low = rng.integers(0, [60, 80], (12, 2))
    boxes = np.concatenate([low, low + rng.integers(30, 60, (12, 2))], axis=1)
    inputs = ProposalInput(image, boxes.astype(np.float32))
    pools = []
    for state in range(4):
        cv2.setRNGSeed(state)
        pools.append(grabcut.propose(inputs, grabcut.Options(context=0.5, min_share=0.0)).pack())
    assert len(set(pools)) == 1


def test_no_boxes_give_an_empty_pool():
    assert (
        grabcut.propose(ProposalInput(np.zeros((6, 8, 3), np.uint8)), grabcut.Options()).areas.size
        == 0
    )


def test_a_box_without_a_pixel_is_named():
    inputs = ProposalInput(np.zeros((6, 8, 3), np.uint8), np.array([[1.6, 0, 2.4, 8]], np.float32))
    with pytest.raises(ValueError, match=r"box \[1.6.* holds no pixel's centre"):
        grabcut.propose(inputs, grabcut.Options())


def test_a_bad_value_is_named():
    with pytest.raises(InputError, match="--iterations=0: expected at least 1"):
        grabcut.Options(iterations=0)
    with pytest.raises(InputError, match="--min_share=2"):
        grabcut.Options(min_share=2.0)


def test_photographs_are_cut_better_than_by_the_rectangles(shared_data):
    cut, rectangles = box_segmentation.score_on_photographs(grabcut, shared_data)
    assert cut > rectangles + 0.02
