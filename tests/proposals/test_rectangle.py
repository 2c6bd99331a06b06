"""proposals.methods.rectangle: the boxes themselves."""

import numpy as np
import pytest

from boxsup_tf.proposals.methods.rectangle import Options, propose
from boxsup_tf.proposals.proposal_input import ProposalInput

IMAGE = np.zeros((6, 8, 3), np.uint8)


def test_candidate_n_is_the_rectangle_of_box_n():
    boxes = np.array([[0, 0, 6, 8], [1, 2, 3, 5], [1, 2, 3, 5], [2, 4, 6, 8]], np.float32)
    pool = propose(ProposalInput(IMAGE, boxes), Options())
    assert pool.one_per_box and pool.method == "rectangle"
    np.testing.assert_array_equal(pool.tight_boxes, boxes.astype(int))
    np.testing.assert_array_equal(pool.areas, [48, 6, 6, 16])


def test_a_fractional_box_holds_the_pixels_whose_centres_it_holds():
    pool = propose(ProposalInput(IMAGE, np.array([[0.4, 1.6, 2.5, 4.51]], np.float32)), Options())
    assert pool.tight_boxes.tolist() == [[0, 2, 2, 5]]


def test_no_boxes_give_an_empty_pool():
    pool = propose(ProposalInput(IMAGE, np.zeros((0, 4), np.float32)), Options())
    assert pool.num_candidates == 0 and pool.superpixels.shape == (6, 8)


def test_a_box_without_a_pixel_is_named():
    boxes = np.array([[0, 0, 6, 8], [1.6, 0, 2.4, 8]], np.float32)
    with pytest.raises(ValueError, match=r"box \[1.6.*, 0.0, 2.4.*, 8.0\] holds no pixel's"):
        propose(ProposalInput(IMAGE, boxes), Options())
