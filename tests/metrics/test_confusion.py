"""The confusion matrix against scikit-learn, Keras and a case counted by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics

from boxsup_tf.labels import VOID
from boxsup_tf.metrics import count_in_graph
from boxsup_tf.metrics.confusion import ConfusionMatrix, count_pixels

NUM_CLASSES = 6


def random_maps(seed: int, labels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """A true and a predicted map of some labels; the true one has a void tenth."""
    rng = np.random.default_rng(seed)
    truth, predicted = (rng.choice(labels, (37, 53)).astype(np.int32) for _ in range(2))
    truth[rng.random(truth.shape) < 0.1] = VOID
    return truth, predicted


@pytest.mark.parametrize("labels", [list(range(NUM_CLASSES)), [0, 2, 5], [3]])
def test_counts_and_scores_equal_scikit_learn_and_keras(labels):
    truth, predicted = random_maps(len(labels), labels)
    matrix = ConfusionMatrix(count_pixels(truth, predicted, NUM_CLASSES))

    known = truth != VOID
    expected = metrics.confusion_matrix(
        truth[known], predicted[known], labels=list(range(NUM_CLASSES))
    )
    np.testing.assert_array_equal(matrix.counts, expected)
    jaccard = metrics.jaccard_score(truth[known], predicted[known], labels=labels, average=None)
    np.testing.assert_allclose(matrix.iou[labels], jaccard, rtol=1e-12)
    assert matrix.mean_iou == pytest.approx(jaccard.mean(), rel=1e-12)
    of_keras = keras.metrics.MeanIoU(NUM_CLASSES, ignore_class=VOID)
    of_keras.update_state(truth, predicted)
    assert matrix.mean_iou == pytest.approx(float(of_keras.result()), rel=1e-6)


def test_sum_over_images_is_the_matrix_of_all_pixels():
    pairs = [random_maps(seed, list(range(NUM_CLASSES))) for seed in (1, 2, 3)]
    total = ConfusionMatrix.zeros(NUM_CLASSES)
    for truth, predicted in pairs:
        total += count_pixels(truth, predicted, NUM_CLASSES)
    whole = count_pixels(*(np.stack(maps) for maps in zip(*pairs, strict=True)), NUM_CLASSES)
    np.testing.assert_array_equal(total.counts, whole)
    np.testing.assert_array_equal((total + total).counts, 2 * whole)


def test_case_counted_by_hand():
    truth = np.array([[0, 0, 1], [1, VOID, 2], [0, 1, 2]])
    predicted = np.array([[0, 1, 1], [1, 0, 0], [VOID, 1, 0]])
    matrix = ConfusionMatrix(count_pixels(truth, predicted, 4))
    np.testing.assert_array_equal(
        matrix.counts, [[1, 1, 0, 0], [0, 3, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]
    )
    assert matrix.per_class("abcd") == {"a": 0.25, "b": 0.75, "c": 0.0, "d": None}
    assert matrix.mean_iou == pytest.approx(1 / 3)


@pytest.mark.parametrize("labels", [[0, 2, 5], [3]])
def test_a_graph_and_parts_count_the_same(labels):
    truth, predicted = random_maps(7, labels)
    predicted[::5] = VOID  # where nothing is claimed
    whole = count_pixels(truth, predicted, NUM_CLASSES)
    assert whole.sum() == np.count_nonzero((truth != VOID) & (predicted != VOID))
    in_graph = count_in_graph.count_pixels(tf.constant(truth), tf.constant(predicted), NUM_CLASSES)
    np.testing.assert_array_equal(in_graph, whole)
    parts = np.arange(truth.size).reshape(truth.shape) % 3
    by_part = count_pixels(truth, predicted, NUM_CLASSES, parts, 4)
    for part in range(4):
        expected = count_pixels(np.where(parts == part, truth, VOID), predicted, NUM_CLASSES)
        np.testing.assert_array_equal(by_part[part], expected)
    with pytest.raises(ValueError):
        count_pixels(truth, predicted, max(labels))


def test_nothing_counted_has_no_score():
    truth = np.full([4, 4], VOID, np.int32)
    matrix = ConfusionMatrix(count_pixels(truth, np.zeros_like(truth), 3))
    assert matrix.counts.sum() == 0
    assert np.isnan(matrix.mean_iou)
    assert matrix.per_class("abc") == {"a": None, "b": None, "c": None}


def test_counts_beyond_what_float32_can_count():
    big = np.array([[2**24, 1], [0, 2**40]])
    matrix = ConfusionMatrix(big) + np.array([[1, 0], [0, 1]])
    np.testing.assert_array_equal(matrix.counts, [[2**24 + 1, 1], [0, 2**40 + 1]])
    assert matrix.counts.dtype == np.int64


def test_class_names_of_another_length_are_refused():
    with pytest.raises(ValueError):
        ConfusionMatrix.zeros(3).per_class("ab")


def test_foreground_mean_iou_takes_all_classes_as_one():
    rng = np.random.default_rng(5)
    truth, predicted = rng.integers(0, 4, (2, 500))
    counts = count_pixels(truth, predicted, 4)
    expected = metrics.jaccard_score(truth > 0, predicted > 0, average="macro")
    assert ConfusionMatrix(counts).foreground_mean_iou == pytest.approx(expected)
    assert np.isnan(ConfusionMatrix.zeros(3).foreground_mean_iou)


@pytest.mark.parametrize("labels", [list(range(NUM_CLASSES)), [0, 2, 5], [3]])
def test_accuracies_equal_scikit_learn(labels):
    rng = np.random.default_rng(len(labels))
    truth, predicted = random_maps(len(labels), labels)
    predicted = np.where(rng.random(truth.shape) < 0.5, truth, predicted)  # better on some
    predicted[predicted == VOID] = 4  # a class that may be predicted and is nowhere true
    matrix = ConfusionMatrix(count_pixels(truth, predicted, NUM_CLASSES))
    truth, predicted = truth[truth != VOID], predicted[truth != VOID]
    assert matrix.pixel_accuracy == pytest.approx(metrics.accuracy_score(truth, predicted))
    recalls = metrics.recall_score(truth, predicted, labels=labels, average=None)
    assert matrix.mean_accuracy == pytest.approx(recalls.mean())
    weighted = metrics.jaccard_score(truth, predicted, labels=labels, average="weighted")
    assert matrix.frequency_weighted_iou == pytest.approx(weighted)


def test_scores_are_those_of_the_voc_devkit():
    """Its loop over classes, void left out; it counts a class that is only predicted as 0."""
    truth = np.array([[0, 0, 1, VOID], [1, VOID, 2, 2], [0, 1, 2, 2]])
    predicted = np.array([[0, 1, 1, 3], [1, 0, 0, 2], [4, 1, 0, 2]])
    confusion = np.zeros([5, 5])
    for true, found in zip(truth.ravel(), predicted.ravel(), strict=True):
        if true < 255:
            confusion[true, found] += 1
    accuracies = []
    for j in range(5):
        gtj, resj, gtjresj = confusion[j].sum(), confusion[:, j].sum(), confusion[j, j]
        if gtj + resj - gtjresj > 0:
            accuracies.append(gtjresj / (gtj + resj - gtjresj))
    counts = count_pixels(truth, predicted, 5)
    summary = ConfusionMatrix(counts).summary("abcde")
    assert summary["per_class_iou"] == {"a": 1 / 5, "b": 3 / 4, "c": 2 / 4, "d": None, "e": 0}
    assert summary["mean_iou"] == pytest.approx(np.mean(accuracies))
    assert summary["pixel_accuracy"] == pytest.approx(6 / 10)
    assert summary["mean_accuracy"] == pytest.approx((1 / 3 + 1 + 1 / 2) / 3)
    assert summary["frequency_weighted_iou"] == pytest.approx((3 / 5 + 3 * 3 / 4 + 4 * 2 / 4) / 10)


def test_no_pixel_has_no_accuracy():
    matrix = ConfusionMatrix.zeros(2)
    for value in (matrix.pixel_accuracy, matrix.mean_accuracy, matrix.frequency_weighted_iou):
        assert np.isnan(value)
