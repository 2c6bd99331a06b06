"""supervision.scoring: the costs, against a fresh cross-entropy for every candidate and box."""

import functools

import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from pycocotools import mask as mask_utils

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.pools import pool_ops
from boxsup_tf.records.example import decode_image
from boxsup_tf.supervision.scoring import Scorer, ScoringConfig, size_preference_cost
from tests.models.segmenters import make_segmenter
from tests.supervision.pools import holds, packed_membership, random_boxes, random_pool

NUM_CLASSES = 5
# Height, width, superpixels, candidates, boxes.
SIZES = [(1, 1, 1, 1, 1), (1, 7, 3, 4, 2), (13, 17, 20, 30, 4), (24, 9, 200, 11, 3)]
CONFIGS = [
    ScoringConfig(clip_to_box, belief, normaliser)
    for clip_to_box in (True, False)
    for belief, normaliser in (
        ("cross_entropy", "image"),
        ("cross_entropy", "box"),
        ("calibrated", "image"),
        ("calibrated", "box"),
        ("centred", "image"),
    )
]


@functools.cache
def _scorer(config: ScoringConfig) -> Scorer:
    """One for all tests: most of a test's time would be its tracing."""
    return Scorer(config)


def _random_logits(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """They also differ by what no softmax sees: a number of its own at every pixel."""
    logits = rng.normal(0, 2, (height, width, NUM_CLASSES)) + rng.normal(0, 5, (height, width, 1))
    return logits.astype(np.float32)


def _inside(box: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.array([[holds(box, y, x) for x in range(width)] for y in range(height)])


def _belief_cost(config, logits, mask, inside, label) -> float:
    """E_r of one candidate for one box, from its definition."""
    log_probabilities = scipy.special.log_softmax(logits.astype(np.float64), axis=2)
    if config.clip_to_box:
        mask = mask & inside
    log_odds = log_probabilities[:, :, label] - log_probabilities[:, :, 0]
    mean = log_odds[inside].mean()
    if config.belief == "centred":
        belief = np.where(inside, 1 / (1 + np.exp(mean - log_odds)), 0)
        union = np.maximum(mask, belief).sum()
        return 1 - (np.minimum(mask, belief).sum() / union if union else 0)
    target = np.where(mask, label, 0)
    loss = -np.take_along_axis(log_probabilities, target[:, :, None], axis=2)[:, :, 0]
    if config.belief == "calibrated":
        loss += mask * min(mean, 0)  # the log-odds of what is painted are raised
    if config.belief == "calibrated":
        loss += log_probabilities[:, :, 0]  # against painting nothing
    return loss.mean() if config.normaliser == "image" else loss[inside].mean()


def _expected_belief(config, logits, pool, boxes, labels) -> np.ndarray:
    height, width = pool.superpixels.shape
    insides = [_inside(box, height, width) for box in boxes]
    return np.array(
        [
            [
                _belief_cost(config, logits, pool.mask(n), inside, label)
                for n in range(pool.num_candidates)
            ]
            for inside, label in zip(insides, labels, strict=True)
        ]
    )


def _score(scorer, logits, pool, boxes, labels) -> list[np.ndarray]:
    arguments = logits, pool.superpixels, pool.membership.T
    costs = scorer(
        *(tf.constant(a) for a in arguments), tf.constant(boxes), tf.constant(labels, tf.int32)
    )
    return [cost.numpy() for cost in costs]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_a_fresh_cross_entropy_for_every_candidate_and_box(config):
    scorer, rng = _scorer(config), np.random.default_rng(0)
    for height, width, num_superpixels, num_candidates, num_boxes in SIZES:
        for fractional in (False, True):
            pool = random_pool(rng, height, width, num_superpixels, num_candidates)
            boxes = random_boxes(rng, num_boxes, height, width, fractional)
            labels = rng.integers(1, NUM_CLASSES, num_boxes)
            logits = _random_logits(rng, height, width)
            overlap, regression, coverage = _score(scorer, logits, pool, boxes, labels)
            expected = _expected_belief(config, logits, pool, boxes, labels)
            np.testing.assert_allclose(regression, expected, rtol=0, atol=1e-5)
            insides = [_inside(box, height, width) for box in boxes]
            covered = [
                [(pool.mask(n) & inside).sum() / inside.sum() for n in range(num_candidates)]
                for inside in insides
            ]
            np.testing.assert_allclose(coverage, covered, rtol=0, atol=1e-5)
            tight = pool.tight_boxes.astype(float)
            # pycocotools takes x, y, width, height.
            iou = mask_utils.iou(
                *(
                    np.stack([b[:, 1], b[:, 0], b[:, 3] - b[:, 1], b[:, 2] - b[:, 0]], axis=1)
                    for b in (boxes.astype(float), tight)
                ),
                [False] * len(tight),
            )
            np.testing.assert_allclose(overlap, 1 - iou, rtol=0, atol=1e-5)
    assert scorer.__call__.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_brute_force_on_the_belief_of_a_network(config):
    example = ShapesReader(1, seed=5, image_size=64)[0]
    image = decode_image(example.encoded)[None]
    rng = np.random.default_rng(1)
    pool = random_pool(rng, example.height, example.width, 60, 20)
    scorer = _scorer(config)
    for seed in (0, 1):
        segmenter = make_segmenter(NUM_CLASSES, seed=seed)
        logits = segmenter.logits(image)[0].numpy() * 100  # sure, and often wrong
        assert tf.nn.log_softmax(logits).numpy().min() < -0.5
        labels = rng.integers(1, NUM_CLASSES, len(example.boxes))
        _, belief, _ = _score(scorer, logits, pool, example.boxes, labels)
        expected = _expected_belief(config, logits, pool, example.boxes, labels)
        np.testing.assert_allclose(belief, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("belief", ["cross_entropy", "calibrated"])
@pytest.mark.parametrize("normaliser", ["image", "box"])
@pytest.mark.parametrize("offset", [-300.0, 0.0, 300.0])
def test_logits_whose_exponentials_are_no_floats(belief, normaliser, offset):
    config = ScoringConfig(belief=belief, normaliser=normaliser)
    rng = np.random.default_rng(5)
    pool = random_pool(rng, 9, 8, 7, 6)
    boxes = np.array([[0, 0, 9, 8], [1, 2, 6, 7]], np.float32)
    logits = (offset + rng.normal(0, 80, (9, 8, NUM_CLASSES))).astype(np.float32)
    _, belief_cost, _ = _score(_scorer(config), logits, pool, boxes, [1, 3])
    expected = _expected_belief(config, logits, pool, boxes, [1, 3])
    np.testing.assert_allclose(belief_cost, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize(("num_candidates", "num_boxes"), [(0, 2), (3, 0), (0, 0)])
def test_nothing_to_score(config, num_candidates, num_boxes):
    rng = np.random.default_rng(2)
    pool = random_pool(rng, 6, 5, 4, num_candidates)
    boxes = random_boxes(rng, num_boxes, 6, 5, False)
    labels = np.ones(num_boxes, np.int32)
    for cost in _score(_scorer(config), _random_logits(rng, 6, 5), pool, boxes, labels):
        assert cost.shape == (num_boxes, num_candidates)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_an_empty_pool_as_a_record_gives_it(config):
    """Bits in which no candidate is stored are empty candidates; they disturb nobody."""
    rng = np.random.default_rng(4)
    pool = random_pool(rng, 6, 5, 4, 0)
    membership = packed_membership(pool)
    costs = _scorer(config)(
        tf.constant(_random_logits(rng, 6, 5)),
        tf.constant(pool.superpixels),
        pool_ops.stored_members(membership),
        tf.constant(random_boxes(rng, 2, 6, 5, False)),
        tf.constant([1, 2]),
    )
    assert np.isfinite(costs).all() and np.shape(costs)[2] > 0
    costs = [pool_ops.in_pool_order(membership, cost) for cost in costs]
    assert [cost.shape for cost in costs] == [(2, 0)] * 3


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_box_between_two_pixel_centres_has_a_finite_cost(config):
    rng = np.random.default_rng(3)
    pool = random_pool(rng, 6, 5, 4, 3)
    sliver = np.array([[2.6, 1.6, 3.4, 2.4]], np.float32)
    for cost in _score(_scorer(config), _random_logits(rng, 6, 5), pool, sliver, np.array([1])):
        assert np.isfinite(cost).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [({"belief": "hope"}, "belief 'hope'"), ({"normaliser": "area"}, "normaliser 'area'")],
)
def test_an_unknown_setting_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        ScoringConfig(**values)


def test_the_size_preference_is_the_centred_cost_of_a_network_that_knows_nothing():
    rng = np.random.default_rng(6)
    pool = random_pool(rng, 13, 11, 20, 30)
    boxes = random_boxes(rng, 4, 13, 11, False)
    nothing = np.zeros((13, 11, NUM_CLASSES), np.float32)
    scorer = _scorer(ScoringConfig(belief="centred"))
    _, regression, coverage = _score(scorer, nothing, pool, boxes, np.ones(4, int))
    np.testing.assert_allclose(size_preference_cost(coverage), regression, atol=1e-6)
