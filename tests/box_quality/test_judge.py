"""box_quality.judge: made-up beliefs whose errors are known."""

import numpy as np
import pytest

from boxsup_tf.box_quality.box_belief import iou_yxyx
from boxsup_tf.box_quality.finding import BADLY_PLACED, DUPLICATE, OVERLOOKED, WRONG_CLASS
from boxsup_tf.box_quality.judge import judge
from boxsup_tf.pools.candidates import CandidatePool
from tests.box_quality.beliefs import SEEN, annotated, belief

CAT, DOG, EMU = 1, 2, 3
LEFT, RIGHT = (10, 10, 40, 30), (20, 45, 50, 75)


def _findings(boxes, objects, **options) -> list:
    return judge(annotated(boxes, **options), belief(objects))


def test_a_right_box_scores_next_to_nothing():
    findings = _findings([(CAT, LEFT), (DOG, RIGHT)], [(CAT, LEFT), (DOG, RIGHT)])
    assert [finding.box_number for finding in findings] == [0, 1]
    assert all(finding.score < 0.1 for finding in findings)


def test_a_box_shifted_by_half_its_width_is_badly_placed():
    shifted = (10, 20, 40, 40)  # 10 of 20 columns away: an IoU of 1/3
    right, wrong = _findings([(DOG, RIGHT), (CAT, shifted)], [(CAT, LEFT), (DOG, RIGHT)])
    assert right.score < 0.1
    assert (wrong.kind, wrong.box, wrong.label) == (BADLY_PLACED, shifted, CAT)
    assert (wrong.believed_label, wrong.believed_box) == (CAT, LEFT)
    # Half of the object is outside, and half of the box is empty.
    assert wrong.score == pytest.approx(SEEN / 2, abs=1e-3)


def test_a_box_that_is_far_too_large_or_too_small_is_badly_placed():
    for box in [(0, 0, 60, 44), (20, 15, 30, 25)]:
        (finding,) = _findings([(CAT, box)], [(CAT, LEFT)])
        assert finding.kind == BADLY_PLACED and finding.believed_box == LEFT
        iou = iou_yxyx(*map(np.array, (box, LEFT)))
        assert finding.score == pytest.approx(0.4 * SEEN * (1 - iou), abs=1e-3)


def test_a_box_of_another_class_has_the_wrong_class():
    (finding,) = _findings([(DOG, LEFT)], [(CAT, LEFT)])
    assert (finding.kind, finding.label, finding.believed_label) == (WRONG_CLASS, DOG, CAT)
    assert finding.score > 0.8


def test_an_object_on_top_that_has_its_own_box_does_not_make_the_class_wrong():
    small = (15, 15, 35, 25)
    findings = _findings([(CAT, LEFT), (DOG, small)], [(CAT, LEFT), (DOG, small)])
    assert max(finding.score for finding in findings) < 0.1
    # Without its box, it is what the cat's box cannot account for.
    cat, dog = _findings([(CAT, LEFT)], [(CAT, LEFT), (DOG, small)])
    assert cat.score < 0.1 and (dog.kind, dog.box) == (OVERLOOKED, None)
    assert (dog.believed_label, dog.believed_box) == (DOG, small)
    assert dog.score == pytest.approx(SEEN / 3, abs=1e-3)  # of all that is seen there


def test_an_object_without_a_box_is_overlooked():
    right, missing = _findings([(CAT, LEFT)], [(CAT, LEFT), (DOG, RIGHT)])
    assert right.score < 0.1
    assert (missing.kind, missing.box_number, missing.box) == (OVERLOOKED, -1, None)
    assert (missing.believed_label, missing.believed_box) == (DOG, RIGHT)
    assert missing.score == pytest.approx(SEEN, abs=1e-3)


@pytest.mark.parametrize("label", [CAT, EMU])
def test_an_object_in_a_box_of_its_own_or_of_a_wrong_class_is_not_overlooked(label):
    findings = _findings([(label, LEFT)], [(CAT, LEFT)])
    assert [finding.kind == OVERLOOKED for finding in findings] == [False]


def test_what_lies_in_an_ignored_box_is_neither_judged_nor_overlooked():
    crowd = _findings([(DOG, RIGHT)], [(DOG, (22, 47, 30, 60))], crowds=[0])
    no_class = judge(annotated([(0, RIGHT)], crowds=[0]), belief([(DOG, RIGHT)]))
    assert crowd == no_class == []


def test_specks_are_no_objects():
    assert _findings([], [(DOG, (5, 5, 8, 8))]) == []


def test_the_later_of_two_boxes_of_one_object_is_a_duplicate():
    again = (11, 10, 41, 30)
    first, second = _findings([(CAT, LEFT), (CAT, again)], [(CAT, LEFT)])
    assert first.score < 0.1
    assert (second.kind, second.believed_box) == (DUPLICATE, LEFT)
    assert second.score == pytest.approx((29 / 31 - 0.6) / 0.4, abs=1e-3)


def test_of_two_classes_in_one_place_the_one_that_is_not_seen_is_a_duplicate():
    cat, dog = _findings([(CAT, LEFT), (DOG, LEFT)], [(CAT, LEFT)])
    assert cat.score < 0.1 and dog.kind == DUPLICATE and dog.score > 0.8


def test_two_objects_of_a_class_side_by_side_are_not_one():
    """They are one region of belief, of which each box explains a part."""
    other = (10, 30, 40, 50)
    findings = _findings([(CAT, LEFT), (CAT, other)], [(CAT, LEFT), (CAT, other)])
    assert len(findings) == 2 and max(finding.score for finding in findings) < 0.1


def test_an_empty_box_is_suspect_but_less_than_a_contradicted_one():
    (empty,) = judge(annotated([(CAT, LEFT)]), belief([], sure=0.999))
    assert empty.kind == BADLY_PLACED and 0.35 < empty.score <= 0.4


def test_a_single_class_has_no_rival():
    probabilities = belief([(CAT, LEFT)])[:, :, :2]
    (finding,) = judge(annotated([(CAT, LEFT)]), probabilities)
    assert finding.score < 0.1


def test_a_pool_tells_where_a_blurred_object_ends():
    blurred, mask = (7, 7, 43, 33), np.zeros((1, 60, 80), bool)
    mask[0, 10:40, 10:30] = True
    pool = CandidatePool.from_masks(mask, "by hand")
    example, probabilities = annotated([(CAT, LEFT)]), belief([(CAT, blurred)])
    (without,), (with_pool,) = judge(example, probabilities), judge(example, probabilities, pool)
    assert without.score == pytest.approx(0.4 * SEEN * (1 - 600 / 936), abs=1e-3)
    assert with_pool.score == pytest.approx(0)
    far = CandidatePool.from_masks(np.roll(mask, 30, axis=2), "by hand")
    assert judge(example, probabilities, far) == [without]


def test_images_without_boxes_and_with_nothing_in_them():
    assert judge(annotated([]), belief([])) == []
