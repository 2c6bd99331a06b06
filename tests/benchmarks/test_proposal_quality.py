"""Proposal quality: overlaps against pixel-level brute force, and how a box picks."""

import numpy as np
import proposal_quality
import pytest
from proposal_quality import (
    RECTANGLE,
    best_overlaps,
    box_choice_ious,
    overlaps,
    pick_by_box,
    quality_rows,
)

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.pools.candidates import CandidatePool
from tests.supervision.pools import random_pool


def _set_rule(monkeypatch, inside: float, coverage: float, min_box_iou: float) -> None:
    values = {"INSIDE_WEIGHT": inside, "COVERAGE_WEIGHT": coverage, "MIN_BOX_IOU": min_box_iou}
    for name, value in values.items():
        monkeypatch.setattr(proposal_quality, f"_{name}", value)


def _instances(rng: np.random.Generator, num: int, height: int, width: int) -> np.ndarray:
    """Blobs that overlap each other."""
    masks = np.zeros((num, height, width), bool)
    for mask in masks:
        top, left = rng.integers(0, height - 3), rng.integers(0, width - 3)
        mask[top : top + rng.integers(3, height), left : left + rng.integers(3, width)] = True
        mask &= rng.random((height, width)) < 0.8
        mask[top, left] = True
    return masks


def _jaccard(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / (a | b).sum()


def _pool(*masks: np.ndarray) -> CandidatePool:
    return CandidatePool.from_masks(np.stack(masks), "hand-made")


def _rectangle(ymin: int, xmin: int, ymax: int, xmax: int) -> np.ndarray:
    mask = np.zeros((20, 30), bool)
    mask[ymin:ymax, xmin:xmax] = True
    return mask


@pytest.mark.parametrize("seed", range(4))
def test_overlaps_are_those_of_the_pixels(seed):
    rng = np.random.default_rng(seed)
    pool = random_pool(rng, 15, 22, 40, 30)
    instances = _instances(rng, 5, 15, 22)
    found = overlaps(pool, instances)
    expected = [[_jaccard(pool.mask(n), instance) for instance in instances] for n in range(30)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    best = best_overlaps(pool, instances, (1, 7, 30, 31))
    for row, n in zip(best, (1, 7, 30, 30, 30), strict=True):
        np.testing.assert_array_equal(row, found[:n].max(axis=0))


def test_many_candidates_are_counted_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    pool, instances = random_pool(rng, 9, 9, 20, 25), _instances(rng, 3, 9, 9)
    whole = overlaps(pool, instances)
    monkeypatch.setattr("proposal_quality._ROWS_AT_ONCE", 4)
    np.testing.assert_array_equal(overlaps(pool, instances), whole)


def test_nothing_to_measure():
    rng = np.random.default_rng(0)
    pool = random_pool(rng, 6, 7, 5, 4)
    nothing = CandidatePool.from_masks(np.zeros((0, 6, 7), bool), "none")
    none, some = np.zeros((0, 6, 7), bool), _instances(rng, 2, 6, 7)
    assert best_overlaps(pool, none, (1, 2)).shape == (3, 0)
    assert best_overlaps(nothing, some, (1, 2)).tolist() == [[0, 0]] * 3
    assert box_choice_ious(pool, none).shape == (0,)
    with pytest.raises(ValueError, match=r"masks are \[5, 7\]: expected .* \[6, 7\]"):
        overlaps(pool, np.zeros((2, 5, 7), bool))


def test_rows_of_a_hand_made_case():
    best = np.array([[0.2, 0.5, 0.7, 0.4], [0.3, 0.9, 0.7, 0.5], [0.3, 1.0, 0.85, 0.6]])
    rows = quality_rows(best, [40, 8], (5, 10))
    assert [row["n"] for row in rows] == [5, 10, 40]
    assert [row["mean_candidates"] for row in rows] == [5, 9, 24]
    assert [row["recall_50"] for row in rows] == [0.5, 0.75, 0.75]
    assert [row["recall_70"] for row in rows] == [0.25, 0.5, 0.5]
    assert [row["recall_85"] for row in rows] == [0.0, 0.25, 0.5]
    means = [row["mean_best_jaccard"] for row in rows]
    np.testing.assert_allclose(means, [0.45, 0.6, 0.6875])


@pytest.mark.parametrize(("inside", "coverage"), [(0.0, 0.0), (0.5, 0.5), (0.0, 3.0), (3.0, 0.0)])
def test_the_pick_is_that_of_the_pixels(monkeypatch, inside, coverage):
    _set_rule(monkeypatch, inside, coverage, 0.5)
    rng = np.random.default_rng(8)
    picks = []
    for _ in range(12):
        pool, instances = _pool(*_instances(rng, 25, 12, 16)), _instances(rng, 3, 12, 16)
        boxes = [tight_box_yxyx(instance) for instance in instances]
        for box, picked in zip(boxes, pick_by_box(pool, np.array(boxes)), strict=True):
            inside_box = np.zeros((12, 16), bool)
            inside_box[box[0] : box[2], box[1] : box[3]] = True
            merits, fits = [], []
            for n in range(25):
                part = pool.mask(n) & inside_box
                hull = np.zeros((12, 16), bool)
                if part.any():
                    top, left, bottom, right = tight_box_yxyx(part)
                    hull[top:bottom, left:right] = True
                fits.append(_jaccard(hull, inside_box))
                share = part.sum() / inside_box.sum()
                merits.append(
                    fits[-1]
                    + inside * part.sum() / pool.mask(n).sum()
                    + coverage * share / (1 + share)
                )
            if picked == RECTANGLE:
                assert fits[np.argmax(merits)] < 0.5
            else:
                assert fits[picked] >= 0.5
                assert merits[picked] == pytest.approx(max(merits), abs=1e-6)
            picks.append(picked)
    assert len(set(picks)) > 3  # the case asks for different candidates


def test_a_hand_made_pick(monkeypatch):
    box = np.array([[5, 5, 15, 25]])
    hollow = _rectangle(5, 5, 15, 25) & ~_rectangle(6, 6, 14, 24)
    fitting, far = _rectangle(5, 5, 15, 24), _rectangle(0, 0, 2, 2)
    pool = _pool(far, hollow, fitting)
    assert pick_by_box(pool, box).tolist() == [2]
    assert pick_by_box(_pool(far), box).tolist() == [RECTANGLE]
    # Of a whole image the part inside the box fits best of all: it must lie inside, too.
    everything = np.ones((20, 30), bool)
    assert pick_by_box(_pool(everything, fitting), box).tolist() == [1]
    _set_rule(monkeypatch, 0.0, 0.0, 0.0)  # the fit alone
    assert pick_by_box(pool, box).tolist() == [1]
    assert pick_by_box(_pool(far), box).tolist() == [0]


def test_the_choice_is_scored_clipped_to_its_box():
    truth = _rectangle(5, 5, 15, 25) & ~_rectangle(5, 5, 8, 12)
    wide = _rectangle(4, 4, 16, 26) & ~_rectangle(4, 4, 8, 12)
    assert box_choice_ious(_pool(wide), truth[None]).tolist() == [1.0]
    # No candidate is near: the rectangle, which is 200 pixels for 179 true ones.
    far = _pool(_rectangle(0, 0, 2, 2))
    assert box_choice_ious(far, truth[None]).tolist() == [179 / 200]
    empty = CandidatePool.from_masks(np.zeros((0, 20, 30), bool), "none")
    assert box_choice_ious(empty, truth[None]).tolist() == [179 / 200]


def test_in_a_pool_of_one_candidate_per_box_each_has_its_own():
    first, second = _rectangle(0, 0, 9, 9), _rectangle(5, 10, 15, 25)
    instances = np.stack([first, second])
    for masks, expected in (((first, second), [1, 1]), ((second, first), [0, 0])):
        pool = CandidatePool.from_masks(np.stack(masks), "own", one_per_box=True)
        assert box_choice_ious(pool, instances).tolist() == expected
