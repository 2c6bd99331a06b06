"""proposals.methods.bbox_seg: one candidate per box, cut out by a dense CRF."""

from importlib import util

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.methods import bbox_seg
from boxsup_tf.proposals.one_per_box import are_rectangles
from boxsup_tf.proposals.proposal_input import ProposalInput
from tests.proposals import box_segmentation

needs_pydensecrf = pytest.mark.skipif(
    util.find_spec("pydensecrf") is None, reason="pydensecrf2 is not installed"
)


@needs_pydensecrf
def test_objects_unlike_their_surroundings_are_cut_out():
    inputs, masks = box_segmentation.discs()
    pool = bbox_seg.propose(inputs, bbox_seg.Options(crf_colors=30.0))
    assert pool.method == "bbox_seg" and pool.one_per_box
    for n in range(2):
        assert box_segmentation.iou(pool.mask(n), masks[n]) > 0.97
    assert are_rectangles(pool, inputs.boxes).sum() == 0


@needs_pydensecrf
def test_the_central_part_is_foreground_whatever_its_colour():
    """A hole of the ground's colour in the middle of the box, as large as the central part."""
    inputs, _ = box_segmentation.discs()
    box = inputs.boxes[:1]
    image = inputs.image.copy()
    image[29:51, 29:51] = image[0, 0]
    pool = bbox_seg.propose(ProposalInput(image, box), bbox_seg.Options(crf_colors=30.0))
    assert pool.mask(0)[29:51, 29:51].all()
    small = bbox_seg.Options(crf_colors=30.0, central_share=0.001)
    assert not bbox_seg.propose(ProposalInput(image, box), small).mask(0)[29:51, 29:51].all()


@pytest.mark.parametrize(("share", "expected"), [(0.25, (10, 20)), (1.0, (20, 40)), (1e-6, (1, 1))])
def test_the_central_part_has_its_form_and_the_share_of_its_area(share, expected):
    inside = np.zeros((50, 60), bool)
    inside[5:25, 10:50] = True
    rows, columns = np.nonzero(bbox_seg._central_part(inside, share))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == expected
    assert abs(rows.mean() - 14.5) <= 0.5 and abs(columns.mean() - 29.5) <= 0.5


@needs_pydensecrf
def test_where_the_foreground_vanishes_the_candidate_is_the_rectangle():
    inputs, _ = box_segmentation.discs()
    pool = bbox_seg.propose(
        inputs, bbox_seg.Options(central_share=0.01, crf_prior=0.001, min_share=0.1)
    )
    assert are_rectangles(pool, inputs.boxes).sum() == 2


@needs_pydensecrf
def test_small_and_odd_images_and_boxes():
    box_segmentation.check_small_and_odd(bbox_seg)


@needs_pydensecrf
def test_the_same_every_time():
    box_segmentation.check_the_same_every_time(bbox_seg)


@needs_pydensecrf
def test_a_box_without_a_pixel_is_named():
    inputs = ProposalInput(np.zeros((6, 8, 3), np.uint8), np.array([[1.6, 0, 2.4, 8]], np.float32))
    with pytest.raises(ValueError, match=r"box \[1.6.* holds no pixel's centre"):
        bbox_seg.propose(inputs, bbox_seg.Options())


def test_without_the_module_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pydensecrf is missing: .*pip install .*pydensecrf2"):
        bbox_seg.Options()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"central_share": 0.0}, "--central_share=0.0"),
        ({"crf_prior": 1.0}, "--crf_prior=1.0: expected more than 0 and less than 1"),
        ({"crf_weight": -1.0}, "--crf_weight=-1.0"),
        ({"crf_pixels": float("inf")}, "--crf_pixels=inf"),
        ({"crf_colors": float("nan")}, "--crf_colors=nan"),
        ({"crf_iterations": 0}, "--crf_iterations=0"),
        ({"max_side": 0}, "--max_side=0"),
    ],
)
def test_a_bad_value_is_named(values, message):
    with pytest.raises(InputError, match=message):
        bbox_seg.Options(**values)


@needs_pydensecrf
def test_photographs_are_cut_better_than_by_the_rectangles(shared_data):
    cut, rectangles = box_segmentation.score_on_photographs(bbox_seg, shared_data)
    assert cut > rectangles + 0.02
