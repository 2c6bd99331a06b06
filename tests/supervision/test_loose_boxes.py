"""supervision.loose_boxes: E_o with a band, against the best of many boxes in it."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.supervision.loose_boxes import overlap_cost
from boxsup_tf.supervision.scoring import Scorer, ScoringConfig
from tests.supervision.pools import random_boxes, random_pool

SIZE = (40, 50)


def _cost(boxes, tight, tolerance, logits=None, retighten=False) -> np.ndarray:
    logits = np.zeros([*SIZE, 2], np.float32) if logits is None else logits
    labels = np.ones(len(boxes), np.int32)
    arguments = (tf.constant(each) for each in (boxes, labels, tight, logits))
    return overlap_cost(*arguments, tolerance, retighten).numpy()


def _iou(boxes: np.ndarray, tight: np.ndarray) -> np.ndarray:
    """Of boxes [..., B, 1, 4] with [N, 4]."""
    sides = np.minimum(boxes[..., 2:], tight[:, 2:]) - np.maximum(boxes[..., :2], tight[:, :2])
    common = np.maximum(sides, 0).prod(axis=-1)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (boxes, tight)]
    return common / (areas[0] + areas[1] - common)


def _strict(boxes, tight) -> np.ndarray:
    return 1 - box_ops.pairwise_iou_yxyx(tf.constant(boxes), tf.constant(tight)).numpy()


@pytest.fixture(name="boxes")
def fixture_boxes() -> np.ndarray:
    return random_boxes(np.random.default_rng(1), 12, *SIZE, fractional=False)


@pytest.fixture(name="tight")
def fixture_tight() -> np.ndarray:
    return random_boxes(np.random.default_rng(2), 30, *SIZE, fractional=False).astype(np.int32)


def test_without_tolerance_it_is_one_minus_iou(boxes, tight):
    np.testing.assert_allclose(_cost(boxes, tight, 0.0), _strict(boxes, tight), atol=1e-6)


@pytest.mark.parametrize("tolerance", [0.1, 0.3])
def test_it_is_that_of_the_best_box_in_the_band(boxes, tight, tolerance):
    steps = np.linspace(0, tolerance, 7)
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2) * [1, 1, -1, -1]
    inward = np.array(list(itertools.product(steps, repeat=4)))
    best = 1 - _iou((boxes + sides * inward[:, None])[:, :, None], tight).max(axis=0)
    cost = _cost(boxes, tight, tolerance)
    # The steps miss the best box by a little, and nothing tried is better.
    assert (cost <= best + 1e-5).all()
    assert (best - cost).max() < 0.08 and (best - cost).mean() < 0.01
    assert (cost < _strict(boxes, tight) - 0.02).any()


def test_a_candidate_that_ends_in_the_band_costs_nothing():
    box, inside = np.array([[0, 0, 40, 40]], np.float32), [2, 3, 37, 40]
    tight = np.array([inside, [10, 10, 30, 30]], np.int32)
    nothing, something = _cost(box, tight, 0.1)[0]
    assert nothing == pytest.approx(0, abs=1e-6)
    assert something == pytest.approx(1 - 400 / 32**2, abs=1e-6)  # the box shrunk to 4 .. 36


def test_an_empty_candidate_overlaps_nothing():
    far = np.iinfo(np.int32).max
    empty = np.array([[far, far, 0, 0]], np.int32)
    assert _cost(np.array([[5, 5, 20, 20]], np.float32), empty, 0.2)[0, 0] == pytest.approx(1)


def test_boxes_are_tightened_to_the_belief_but_not_beyond_the_band():
    box = np.array([[0, 0, 40, 40]], np.float32)
    logits = np.zeros([*SIZE, 2], np.float32)
    logits[:, :, 1] = -4
    logits[3:36, 15:38, 1] = 4  # its left edge lies beyond the band, which ends at 8
    candidates = np.array([[3, 8, 36, 38], [0, 0, 40, 40], [8, 8, 32, 32]], np.int32)
    believed, whole, small = _cost(box, candidates, 0.2, logits, retighten=True)[0]
    assert believed == pytest.approx(0, abs=1e-6)
    assert whole == pytest.approx(1 - 33 * 30 / 1600, abs=1e-4)
    assert small > 0.3
    np.testing.assert_allclose(_cost(box, candidates, 0.2), 0, atol=1e-6)


def test_where_the_network_is_not_asked_the_band_decides(boxes, tight):
    np.testing.assert_array_equal(
        _cost(boxes, tight, 0.2, retighten=True), _cost(boxes, tight, 0.2)
    )


def test_the_scorer_uses_it_and_without_tolerance_does_not_change():
    rng = np.random.default_rng(3)
    pool = random_pool(rng, *SIZE, 30, 20)
    boxes = random_boxes(rng, 3, *SIZE, fractional=True)
    logits = rng.normal(size=[*SIZE, 3]).astype(np.float32)
    arguments = [
        tf.constant(each)
        for each in (logits, pool.superpixels, pool.membership.T, boxes, np.array([1, 2, 1], "i4"))
    ]
    loose = Scorer(ScoringConfig(box_tolerance=0.2))(*arguments)
    strict = Scorer(ScoringConfig())(*arguments)
    np.testing.assert_allclose(strict.overlap, _strict(boxes, pool.tight_boxes), atol=1e-6)
    np.testing.assert_allclose(loose.overlap, _cost(boxes, pool.tight_boxes, 0.2), atol=1e-6)
    np.testing.assert_array_equal(strict.regression, loose.regression)
