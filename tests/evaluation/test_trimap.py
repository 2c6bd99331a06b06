"""Bands around boundaries: against distances between all pixels, and a case counted by hand."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn import metrics

from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.trimap import (
    Trimap,
    boundary_distance,
    check_widths,
    count_in_bands,
)
from boxsup_tf.labels import VOID

WIDTHS = (1, 2, 4, 8)


def blobs(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """A map of labels 0 .. 2 and void in regions of some pixels."""
    noise = np.random.default_rng(seed).normal(size=(4, *shape))
    smooth = [ndimage.gaussian_filter(channel, 4) for channel in noise]
    return np.array([0, 1, 2, VOID], np.uint8)[np.argmax(smooth, axis=0)]


def brute_force_distance(truth: np.ndarray) -> np.ndarray:
    places = np.indices(truth.shape).reshape(2, -1).T
    labels = truth.ravel()
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    distances[labels[:, None] == labels[None]] = np.inf
    return np.where(truth == VOID, np.inf, distances.min(axis=1).reshape(truth.shape))


@pytest.mark.parametrize(("seed", "shape"), [(1, (31, 42)), (2, (40, 25)), (3, (1, 60))])
def test_distance_is_that_to_the_nearest_pixel_of_another_label(seed, shape):
    truth = blobs(seed, shape)
    assert len(np.unique(truth)) > 1
    np.testing.assert_allclose(boundary_distance(truth), brute_force_distance(truth), rtol=1e-6)


def test_distances_of_photographs_equal_scipys(shared_data):
    reader = VocReader(str(shared_data / "voc_subset"), "val")
    for i in (0, 40, 80):
        mask = reader[i].mask
        expected = np.zeros(mask.shape)
        for label in np.unique(mask):
            own = mask == label
            expected[own] = ndimage.distance_transform_edt(own)[own]
        expected[mask == VOID] = np.inf
        np.testing.assert_allclose(boundary_distance(mask), expected, rtol=1e-6)


def test_rings_by_hand():
    # Columns 0 1 2 | 3 4 | void 5 | 6 7: distances 3 2 1 1 1 - 1 2
    truth = np.array([[0, 0, 0, 1, 1, VOID, 0, 0]], np.uint8)
    predicted = np.array([[1, 0, 0, 1, 0, 2, 0, 1]], np.uint8)
    distance = boundary_distance(truth)
    np.testing.assert_array_equal(distance, [[3, 2, 1, 1, 1, np.inf, 1, 2]])
    rings = count_in_bands(truth, predicted, distance, [1, 2], 3)
    np.testing.assert_array_equal(rings[0], [[2, 0, 0], [1, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(rings[1], [[1, 1, 0], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(rings[2], [[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    trimap = Trimap.of_rings([1, 2], rings)
    assert trimap.inside == pytest.approx([(2 / 3 + 1 / 2) / 2, (3 / 5 + 1 / 3) / 2])
    assert trimap.outside == pytest.approx([1 / 6, 0])  # class 1 is predicted where it is not


def test_bands_equal_scikit_learn_on_chosen_pixels():
    truth, predicted = blobs(5, (50, 60)), blobs(6, (50, 60)) % VOID
    distance = boundary_distance(truth)
    rings = count_in_bands(truth, predicted, distance, WIDTHS, 3)
    known = truth != VOID
    np.testing.assert_array_equal(
        rings.sum(axis=0), metrics.confusion_matrix(truth[known], predicted[known])
    )
    trimap = Trimap.of_rings(WIDTHS, rings)
    for width, of_inside, of_outside in zip(
        trimap.widths, trimap.inside, trimap.outside, strict=True
    ):
        for value, chosen in (
            (of_inside, known & (distance <= width)),
            (of_outside, known & (distance > width)),
        ):
            pair = truth[chosen], predicted[chosen]
            assert value == pytest.approx(metrics.jaccard_score(*pair, average="macro"))


def test_one_label_alone_has_no_boundary():
    truth = np.full([5, 6], 2, np.uint8)
    distance = boundary_distance(truth)
    assert np.isinf(distance).all()
    rings = count_in_bands(truth, truth, distance, WIDTHS, 3)
    assert rings[-1, 2, 2] == truth.size
    assert Trimap.of_rings(WIDTHS, rings) == Trimap(list(WIDTHS), [None] * 4, [1.0] * 4)


@pytest.mark.parametrize("widths", [(), (0, 1), (0.5, 2), (2, 1), (1, 1), (1, float("inf"))])
def test_widths_that_are_no_bands_are_refused(widths):
    with pytest.raises(InputError, match="--trimap_widths=.*ascending"):
        check_widths(widths)
    check_widths((1, 2.5, 4))
