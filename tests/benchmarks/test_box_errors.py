"""benchmarks/box_errors.py: errors that are put in, and what counts as found."""

import dataclasses

import numpy as np
import pytest
from box_errors import (
    REMOVED,
    SHIFTED,
    SWAPPED,
    Error,
    are_real,
    loosened,
    put_in_errors,
)

from boxsup_tf.box_quality.box_belief import iou_yxyx
from boxsup_tf.box_quality.finding import BADLY_PLACED, OVERLOOKED, Finding
from tests.box_quality.beliefs import annotated

BOX = (10.0, 10.0, 40.0, 30.0)


def _many(number: int) -> list:
    objects = [(1, BOX), (2, (20, 45, 50, 75)), (3, (0, 0, 8, 9))]
    return [annotated(objects, f"image{i}") for i in range(number)]


def test_each_kind_has_its_share_and_is_what_it_says():
    kinds: dict[str, int] = {SHIFTED: 0, SWAPPED: 0, REMOVED: 0}
    for example in _many(400):
        changed, errors = put_in_errors(example, 4, seed=0)
        kept = list(range(len(example.labels)))
        for error in errors:
            kinds[error.kind] += 1
            place = [np.array_equal(error.box, box) for box in example.boxes].index(True)
            if error.kind == REMOVED:
                assert error.number == -1
                kept.remove(place)
                continue
            moved, label = changed.boxes[error.number], changed.labels[error.number]
            assert (label != example.labels[place]) == (error.kind == SWAPPED) and 1 <= label < 4
            iou = iou_yxyx(moved, error.box)
            # A box that is cut at the image's edge has less of its own beside.
            assert 0.03 < iou < 0.57 if error.kind == SHIFTED else iou == 1
            assert (moved[:2] >= 0).all() and (moved[2:] <= [60, 80]).all()
        assert len(changed.labels) == len(changed.is_crowd) == len(kept)
        altered = {error.number for error in errors}
        for number, place in enumerate(kept):
            if number not in altered:
                assert changed.labels[number] == example.labels[place]
                assert np.array_equal(changed.boxes[number], example.boxes[place])
    assert all(35 < count < 85 for count in kinds.values())  # of 1,200, 60 expected


def test_draws_follow_the_seed_and_the_image_alone():
    examples = _many(60)
    first = [put_in_errors(example, 4, seed=3)[1] for example in examples]
    again = [put_in_errors(example, 4, seed=3)[1] for example in examples[::-1]][::-1]
    assert str(first) == str(again)
    assert str(first) != str([put_in_errors(example, 4, seed=4)[1] for example in examples])


def test_crowds_stay():
    (example,) = _many(1)
    crowd = dataclasses.replace(example, is_crowd=np.ones(3, bool))
    assert put_in_errors(crowd, 4, seed=0, share=0.3)[1] == []


def test_loosened_boxes_hold_the_tight_ones():
    grown = []
    for example in _many(200):
        loose = loosened(example, 0.2, seed=0)
        assert (loose.boxes[:, :2] <= example.boxes[:, :2]).all()
        assert (loose.boxes[:, 2:] >= example.boxes[:, 2:]).all()
        sides, before = (np.diff(b[0, [0, 2]])[0] for b in (loose.boxes, example.boxes))
        grown.append(sides / before - 1)
    assert max(grown) <= 0.4 and np.mean(grown) == pytest.approx(0.2, abs=0.02)


def test_an_error_counts_once():
    errors = [
        Error("a", SHIFTED, 0, np.array(BOX)),
        Error("a", REMOVED, -1, np.array([20.0, 45, 50, 75])),
    ]

    def finding(name, number, where=BOX):
        box = BOX if number >= 0 else None
        kind = BADLY_PLACED if number >= 0 else OVERLOOKED
        return Finding(name, kind, 1.0, number, 1, box, 1, where)

    findings = [
        finding("a", 0),
        finding("a", 0),  # named already
        finding("a", 1),  # a right box
        finding("b", 0),  # of another image
        finding("a", -1, (0.0, 0.0, 10.0, 10.0)),  # elsewhere
        finding("a", -1, (20.0, 45.0, 50.0, 70.0)),
    ]
    assert are_real(findings, errors).tolist() == [True, False, False, False, False, True]
