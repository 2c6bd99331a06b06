"""The interval of a difference: against resampling one draw at a time, and what it must do."""

import tracemalloc

import numpy as np
import pytest

from boxsup_tf.evaluation.comparison.bootstrap import SEED, ImageCounts, difference_interval
from boxsup_tf.metrics.confusion import ConfusionMatrix


def matrices(seed: int, errors: float, count: int = 60) -> np.ndarray:
    """Confusion matrices [N, 4, 4] of images of two classes each; class 3 never occurs."""
    rng = np.random.default_rng(seed)
    result = np.zeros([count, 4, 4], np.int64)
    for i in range(count):
        for true in (0, 1 + i % 2):
            wrong = rng.binomial(1000, errors * rng.random())
            result[i, true, true] += 1000 - wrong
            result[i, true, rng.integers(3)] += wrong
    return result


def image_counts(confusions: np.ndarray) -> ImageCounts:
    hits = np.diagonal(confusions, axis1=1, axis2=2)
    return ImageCounts(hits, confusions.sum(axis=1) + confusions.sum(axis=2) - hits)


def test_interval_equals_resampling_one_by_one():
    first, second = matrices(1, 0.5), matrices(2, 0.4)
    draws = np.random.default_rng(SEED).multinomial(60, np.full(60, 1 / 60), 250)
    differences = []
    for draw in draws:
        images = np.repeat(np.arange(60), draw)
        assert len(images) == 60
        scores = [ConfusionMatrix(c[images].sum(axis=0)).mean_iou for c in (first, second)]
        differences.append(scores[1] - scores[0])
    expected = np.quantile(differences, [0.05, 0.95])
    found = difference_interval(image_counts(first), image_counts(second), 250, share=0.9)
    assert found == pytest.approx(expected)


def test_every_image_once_gives_the_score_of_the_set():
    confusions = matrices(3, 0.5)
    expected = ConfusionMatrix(confusions.sum(axis=0)).mean_iou
    assert image_counts(confusions).mean_iou(np.ones(60)) == pytest.approx(expected)
    assert np.isnan(image_counts(confusions).mean_iou(np.zeros(60)))


def test_a_model_does_not_differ_from_itself():
    counts = image_counts(matrices(4, 0.5))
    assert difference_interval(counts, counts, 100) == (0, 0)


def test_interval_covers_the_true_difference_as_often_as_it_says():
    """300 sets of images of one kind: the difference over the kind lies in 95 % of intervals."""
    truth = image_counts(matrices(0, 0.6, 20000)), image_counts(matrices(1, 0.5, 20000))
    expected = truth[1].mean_iou(np.ones(20000)) - truth[0].mean_iou(np.ones(20000))
    covered = 0
    for trial in range(300):
        pair = [image_counts(matrices(100 + 2 * trial + i, 0.6 - 0.1 * i)) for i in (0, 1)]
        low, high = difference_interval(*pair, resamples=400)
        covered += low <= expected <= high
    assert 0.9 < covered / 300 < 0.99


def test_pairing_makes_small_differences_readable():
    """A model that is right on a little more of every image is surely better than its like."""
    first = matrices(5, 0.9)
    second = first.copy()
    for true in range(3):
        better = first[:, true, :3] // 20
        better[:, true] = 0
        second[:, true, :3] -= better
        second[:, true, true] += better.sum(axis=1)
    low, high = difference_interval(image_counts(first), image_counts(second), 500)
    assert 0 < low < high < 0.05
    shuffled = second[np.random.default_rng(0).permutation(60)]
    low, _ = difference_interval(image_counts(first), image_counts(shuffled), 500)
    assert low < 0


def test_many_draws_of_many_images_take_little_memory():
    counts = image_counts(matrices(6, 0.5, 2000))
    tracemalloc.start()
    try:
        difference_interval(counts, counts, 1000)
        assert tracemalloc.get_traced_memory()[1] < 8e6  # all at once: 32 MB
    finally:
        tracemalloc.stop()
