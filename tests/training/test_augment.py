"""training.augment: the image and its label map move together."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.models.preprocessing import MEAN_RGB
from boxsup_tf.training.augment import draw_crop

MEAN = (123.68, 116.779, 103.939)


def _coordinates(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """An image that says where each pixel was, and a label map that says the same."""
    y, x = np.mgrid[:height, :width]
    image = np.stack([y, x, np.full_like(y, 77)], axis=2).astype(np.uint8)
    return image, (y * width + x).astype(np.int32)


def _crop(image, label_map, crop_size, scale_range, seed) -> tuple[np.ndarray, np.ndarray]:
    seeds = tf.constant([seed, 3], tf.int64)
    crop = draw_crop(tf.shape(label_map), crop_size, scale_range, seeds)
    return crop.of_image(tf.constant(image), MEAN_RGB).numpy(), crop.of_label_map(
        tf.constant(label_map)
    ).numpy()


def _origin(labels: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    return labels // width, labels % width


@pytest.mark.parametrize("scale_range", [(1.0, 1.0), (0.5, 0.5), (2.0, 2.0), (0.75, 1.25)])
def test_image_and_label_map_move_together(scale_range):
    # Labels stay clear of void, which padding writes.
    image, places = _coordinates(40, 50)
    places = places + 1000
    for seed in range(25):
        crop, labels = _crop(image, places, 17, scale_range, seed)
        y, x = _origin(labels - 1000, 50)
        # Bilinear and nearest-neighbour agree to half a pixel of the original, and half a pixel
        # more where one shrinks.
        allowed = 0 if scale_range == (1.0, 1.0) else 1.0
        assert np.abs(crop[:, :, 0] - y).max() <= allowed
        assert np.abs(crop[:, :, 1] - x).max() <= allowed
        np.testing.assert_allclose(crop[:, :, 2], 77, atol=1e-3)


@pytest.mark.parametrize("size", [(9, 50), (50, 9), (9, 9), (1, 1), (17, 17), (18, 17)])
def test_a_smaller_image_is_padded_with_void_and_the_mean_colour(size):
    image, places = _coordinates(*size)
    for seed in range(6):
        crop, labels = _crop(image, places + 1000, 17, (1.0, 1.0), seed)
        assert crop.shape == (17, 17, 3) and labels.shape == (17, 17)
        assert crop.dtype == np.float32 and labels.dtype == np.int32
        padded = labels == VOID
        assert np.count_nonzero(~padded) == min(size[0], 17) * min(size[1], 17)
        np.testing.assert_allclose(crop[padded], np.tile(MEAN, (padded.sum(), 1)), atol=1e-4)
        y, _ = _origin(labels - 1000, size[1])
        np.testing.assert_allclose(crop[~padded][:, 0], y[~padded], atol=1e-4)


def test_follows_its_seed_alone():
    image, places = _coordinates(40, 50)
    crops = [_crop(image, places, 17, (0.75, 1.25), seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(crops[0][0], crops[1][0])
    np.testing.assert_array_equal(crops[0][1], crops[1][1])
    assert (crops[0][1] != crops[2][1]).any()


def test_flips_half_of_the_time_and_crops_everywhere():
    image, places = _coordinates(20, 20)
    flips, tops, lefts = 0, [], []
    for seed in range(400):
        _, labels = _crop(image, places, 17, (1.0, 1.0), seed)
        y, x = _origin(labels, 20)
        flips += x[0, 0] > x[0, -1]
        tops.append(int(y.min()))
        lefts.append(int(x.min()))
    assert 160 < flips < 240  # four standard deviations
    for places_seen in (tops, lefts):
        counts = np.bincount(places_seen)
        assert len(counts) == 4 and counts.min() > 60
    assert abs(np.corrcoef(tops, lefts)[0, 1]) < 0.2


def test_covers_the_range_of_scales():
    """On a whole image in a large crop, the height that is left of it is its scale."""
    image, places = _coordinates(40, 40)
    heights = []
    for seed in range(200):
        _, labels = _crop(image, places + 1000, 81, (0.5, 2.0), seed)
        heights.append((labels != VOID).any(axis=1).sum())
    assert 20 <= min(heights) < 24 and 76 < max(heights) <= 80
    assert 46 < np.mean(heights) < 54
