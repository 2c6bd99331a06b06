"""supervision.box_sums: against sums pixel by pixel."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.boxes import inside_yxyx, windows_yxyx
from boxsup_tf.supervision.box_sums import BoxSums, sum_by_box, sum_by_candidate, sum_by_superpixel
from tests.supervision.pools import random_boxes, random_pool

HEIGHT, WIDTH, NUM_SUPERPIXELS = 12, 17, 9
# Beyond the image on each side, wholly outside it, inverted, and between two pixels' centres.
AWKWARD = [
    (-3.0, -2.5, 4.0, 5.5),
    (8.0, 9.0, 40.0, 40.0),
    (-9.0, 3.0, -2.0, 6.0),
    (30.0, 3.0, 35.0, 6.0),
    (7.0, 7.0, 3.0, 3.0),
    (2.6, 1.6, 3.4, 2.4),
    (2.5, 1.5, 3.5, 2.5),
    (0.0, 0.0, HEIGHT, WIDTH),
]


def _boxes() -> np.ndarray:
    rng = np.random.default_rng(0)
    some = [random_boxes(rng, 20, HEIGHT, WIDTH, fractional) for fractional in (False, True)]
    return np.concatenate([*some, np.array(AWKWARD, np.float32)])


def test_windows_hold_the_pixels_that_are_inside():
    boxes = _boxes()
    windows = windows_yxyx(tf.constant(boxes), tf.constant([HEIGHT, WIDTH])).numpy()
    expected = inside_yxyx(boxes, HEIGHT, WIDTH).numpy()
    for box, window, inside in zip(boxes, windows, expected, strict=True):
        held = np.zeros((HEIGHT, WIDTH), bool)
        held[window[0] : window[2], window[1] : window[3]] = True
        np.testing.assert_array_equal(held, inside, str(box))
    assert (windows >= 0).all() and (windows <= [HEIGHT, WIDTH, HEIGHT, WIDTH]).all()


@pytest.mark.parametrize(("at_once", "most_pixels"), [(False, 0), (True, 2**24), (True, 10)])
@pytest.mark.parametrize("with_background", [False, True])
@pytest.mark.parametrize("with_belief", [False, True])
def test_sums_pixel_by_pixel(with_background, with_belief, at_once, most_pixels, monkeypatch):
    monkeypatch.setattr("boxsup_tf.supervision.box_sums._MOST_PIXELS", most_pixels)
    rng, boxes = np.random.default_rng(1), _boxes()
    superpixels = random_pool(rng, HEIGHT, WIDTH, NUM_SUPERPIXELS, 1).superpixels
    logits = rng.normal(0, 3, (HEIGHT, WIDTH, 4)).astype(np.float32)
    background = rng.random((HEIGHT, WIDTH), np.float32)
    labels = rng.integers(1, 4, len(boxes))
    arguments = (
        windows_yxyx(tf.constant(boxes), tf.constant([HEIGHT, WIDTH])),
        tf.constant(labels, tf.int32),
        tf.constant(logits),
        tf.constant(superpixels),
        tf.constant(NUM_SUPERPIXELS),
        tf.constant(background) if with_background else None,
        with_belief,
        at_once,
    )
    sums = BoxSums(*(values.numpy() for values in sum_by_superpixel(*arguments)))
    insides = inside_yxyx(boxes, HEIGHT, WIDTH).numpy()
    for b, (inside, label) in enumerate(zip(insides, labels, strict=True)):
        log_odds = (logits[:, :, label] - logits[:, :, 0]).astype(np.float64)
        mean = log_odds[inside].mean() if inside.any() else 0.0
        belief = 1 / (1 + np.exp(mean - log_odds))
        for r in range(NUM_SUPERPIXELS):
            pixels = inside & (superpixels == r)
            assert sums.area[b, r] == pixels.sum()
            np.testing.assert_allclose(sums.log_odds[b, r], log_odds[pixels].sum(), atol=1e-4)
            total = background[pixels].sum() if with_background else 0
            np.testing.assert_allclose(sums.background[b, r], total, atol=1e-4)
            total = belief[pixels].sum() if with_belief else 0
            np.testing.assert_allclose(sums.belief[b, r], total, atol=1e-4)
    again = sum_by_superpixel(*arguments)
    assert all(a.tobytes() == b.numpy().tobytes() for a, b in zip(sums, again, strict=True))


def test_sums_of_sums():
    rng = np.random.default_rng(2)
    sums = BoxSums(*rng.random((4, 3, NUM_SUPERPIXELS), np.float32))
    members = rng.random((NUM_SUPERPIXELS, 5)) < 0.5
    by_candidate = sum_by_candidate(sums, tf.constant(members, tf.float32))
    by_box = sum_by_box(sums)
    for values, of_candidates, of_boxes in zip(sums, by_candidate, by_box, strict=True):
        for b in range(3):
            np.testing.assert_allclose(of_boxes[b], [values[b].sum()], rtol=1e-5)
            for n in range(5):
                expected = values[b, members[:, n]].sum()
                np.testing.assert_allclose(of_candidates[b, n], expected, atol=1e-5)
