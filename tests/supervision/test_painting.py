"""supervision.painting: the pseudo-mask, against a painter of single pixels."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.labels import BACKGROUND
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.pool_ops import Pool
from boxsup_tf.supervision.annotated_boxes import AnnotatedBoxes
from boxsup_tf.supervision.painting import paint
from boxsup_tf.supervision.selection import RECTANGLE
from tests.supervision.pools import packed_membership, paint_by_pixel, random_boxes, random_pool


def _paint(pool, chosen, boxes, labels, ignored, clip_to_box) -> np.ndarray:
    in_graph = Pool(tf.constant(pool.superpixels), packed_membership(pool), tf.constant(False))
    annotated = AnnotatedBoxes(
        tf.constant(boxes, tf.float32),
        tf.constant(labels, tf.int32),
        tf.constant(np.array(ignored, bool)),
    )
    return paint(in_graph, tf.constant(chosen, tf.int32), annotated, clip_to_box).numpy()


@pytest.mark.parametrize("clip_to_box", [True, False])
@pytest.mark.parametrize("seed", range(15))
def test_equals_a_painter_of_single_pixels(seed, clip_to_box):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 14, 2)
    num_boxes, num_candidates = rng.integers(0, 6), rng.integers(1, 20)
    pool = random_pool(rng, height, width, 12, num_candidates)
    scene = (
        np.where(
            rng.random(num_boxes) < 0.25, RECTANGLE, rng.integers(0, num_candidates, num_boxes)
        ),
        random_boxes(rng, num_boxes, height, width, fractional=bool(seed % 2)),
        rng.integers(1, 6, num_boxes),
        rng.random(num_boxes) < 0.25,
    )
    painted = _paint(pool, *scene, clip_to_box)
    np.testing.assert_array_equal(painted, paint_by_pixel(pool, *scene, clip_to_box))


def test_an_image_without_boxes_is_background():
    pool = random_pool(np.random.default_rng(0), 4, 6, 5, 3)
    painted = _paint(pool, [], np.zeros((0, 4)), [], [], True)
    np.testing.assert_array_equal(painted, np.full((4, 6), BACKGROUND))


def test_a_pool_without_candidates_paints_rectangles():
    pool = CandidatePool.from_masks(np.zeros((0, 4, 6), bool), "none")
    painted = _paint(pool, [RECTANGLE] * 2, [[0, 0, 4, 3], [1, 1, 3, 6]], [1, 2], [False] * 2, True)
    expected = [[1, 1, 1, 0, 0, 0], [1, 2, 2, 2, 2, 2], [1, 2, 2, 2, 2, 2], [1, 1, 1, 0, 0, 0]]
    assert painted.tolist() == expected


def test_size_means_the_painted_part():
    """Candidate 0 is the larger one, but the smaller one inside its box."""
    pool = CandidatePool.from_masks(np.array([[[1, 1, 1, 1, 1]], [[1, 1, 1, 0, 0]]], bool), "two")
    boxes = [[0, 0, 1, 2], [0, 0, 1, 5]]
    assert _paint(pool, [0, 1], boxes, [1, 2], [False] * 2, True).tolist() == [[1, 1, 2, 0, 0]]
    assert _paint(pool, [0, 1], boxes, [1, 2], [False] * 2, False).tolist() == [[2, 2, 2, 1, 1]]


def test_the_smaller_on_top_is_seen_whole():
    masks = np.array([[[1, 1, 1, 1, 0]], [[0, 1, 1, 0, 0]], [[0, 0, 1, 1, 1]]], bool)
    pool = CandidatePool.from_masks(masks, "three")
    scene = [0, 1, 2], [[0, 0, 1, 5]] * 3, [1, 2, 3], [False] * 3, True
    assert _paint(pool, *scene).tolist() == [[1, 2, 2, 3, 3]]


def test_of_equals_the_earlier_box_is_on_top_and_a_crowd_is_below_all():
    pool = CandidatePool.from_masks(np.array([[[1, 1, 1, 0]], [[0, 1, 1, 1]]], bool), "two")
    boxes = [[0, 0, 1, 4], [0, 0, 1, 4], [0, 2, 1, 3]]
    scene = boxes, [1, 2, 3], [0, 0, 1], True
    assert _paint(pool, [0, 1, 0], *scene).tolist() == [[1, 1, 1, 2]]
    scene = boxes, [2, 1, 3], [0, 0, 1], True
    assert _paint(pool, [1, 0, 0], *scene).tolist() == [[1, 2, 2, 2]]
    scene = [[0, 0, 1, 4], [0, 0, 1, 2]], [1, 2], [1, 0], True
    assert _paint(pool, [RECTANGLE, 1], *scene).tolist() == [[255, 2, 255, 255]]
    # Of an ignored box that has a candidate, that alone is void.
    assert _paint(pool, [0, 1], *scene).tolist() == [[255, 2, 255, 0]]
