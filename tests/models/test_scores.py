"""Preprocessing and the pixel grid, against Keras and plain NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models import scores
from boxsup_tf.models.networks import build_network

# What one pixel of the image can reach: 2 + 1, (4 + 2), (12 + 4), (24 + 8), (48 + 8 + 8) and
# 96 pixels of blocks 1 to 5 and fc6, and 8 by the interpolation.
_REACH = 217 + 8


@pytest.fixture(scope="module")
def model():
    return build_network("largefov", 3, width_multiplier=0.1, seed=2)


def random_images(height: int, width: int, batch: int = 1) -> np.ndarray:
    rng = np.random.default_rng(height * width)
    return rng.integers(0, 256, (batch, height, width, 3)).astype(np.uint8)


def interpolate(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """[H/8, W/8, C] to [height, width, C]: value (i, j) lies on pixel (8 i, 8 j)."""
    out = np.zeros([height, width, values.shape[2]])
    for y in range(height):
        for x in range(width):
            i, j, dy, dx = y // 8, x // 8, y % 8 / 8, x % 8 / 8
            for row, column, share in [
                (i, j, (1 - dy) * (1 - dx)),
                (i, j + 1, (1 - dy) * dx),
                (i + 1, j, dy * (1 - dx)),
                (i + 1, j + 1, dy * dx),
            ]:
                if share > 0:
                    out[y, x] += share * values[row, column]
    return out


def test_preprocessing_is_that_of_vgg16():
    images = random_images(5, 7, batch=2)
    expected = keras.applications.vgg16.preprocess_input(images.astype(np.float32))
    np.testing.assert_allclose(scores.preprocess(images), expected, atol=1e-4)
    red = scores.preprocess(np.array([[[255, 0, 0]]], np.uint8)).numpy()
    np.testing.assert_allclose(red, [[[-103.939, -116.779, 255 - 123.68]]], atol=1e-4)


def test_grid_sizes():
    sizes = np.arange(1, 30)
    padded = scores.on_grid(sizes)
    assert all(p >= s and p % 8 == 1 and p - s < 8 for p, s in zip(padded, sizes, strict=True))


@pytest.mark.parametrize("size", [(41, 57), (50, 63), (9, 8), (1, 1), (2, 17)])
def test_full_resolution_equals_interpolation_by_hand(model, size):
    height, width = size
    images = random_images(height, width)
    padded = np.zeros([1, height + -(height - 1) % 8, width + -(width - 1) % 8, 3], np.float32)
    padded[:, :height, :width] = scores.preprocess(images)
    coarse = model(padded).numpy()[0]
    expected = interpolate(coarse, *padded.shape[1:3])[:height, :width]
    actual = scores.full_resolution_logits(model, images)
    assert actual.shape == (1, height, width, 3)
    np.testing.assert_allclose(actual[0], expected, atol=1e-4 * np.abs(expected).max())


def test_padding_reaches_no_further_than_a_pixel_can(model):
    on_grid = random_images(17, 8 * 60 + 1)
    whole = scores.full_resolution_logits(model, on_grid).numpy()
    cut = 8 * 59 + 2
    padded = scores.full_resolution_logits(model, on_grid[:, :, :cut]).numpy()
    far, near = whole[:, :, : cut - _REACH], whole[:, :, cut - 60 : cut]
    scale = np.abs(whole).max()
    np.testing.assert_allclose(padded[:, :, : cut - _REACH], far, atol=1e-5 * scale)
    assert np.abs(padded[:, :, cut - 60 :] - near).max() > 1e-3 * scale


def test_images_of_a_batch_do_not_mix(model):
    images = random_images(26, 33, batch=2)
    together = scores.full_resolution_logits(model, images)
    for i in range(2):
        alone = scores.full_resolution_logits(model, images[i : i + 1])
        np.testing.assert_allclose(together[i], alone[0], atol=1e-5)


def test_reduced_precision_scores_come_out_as_float32():
    model = build_network("largefov", 3, 0.1, seed=2, dtype_policy="mixed_bfloat16")
    logits = scores.full_resolution_logits(model, random_images(17, 17))
    assert logits.dtype == tf.float32
