"""models.segmenter: preprocessing, the pixel grid and two halves, against Keras and NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.models.architecture import Architecture
from boxsup_tf.models.grid import on_grid
from boxsup_tf.models.network_family import family_of
from boxsup_tf.models.preprocessing import caffe_bgr
from boxsup_tf.models.segmenter import Segmenter
from tests.models.segmenters import make_segmenter

# What one pixel of the image can reach: 2 + 1, (4 + 2), (12 + 4), (24 + 8), (48 + 8 + 8) and
# 96 pixels of blocks 1 to 5 and fc6, and 8 by the interpolation.
_REACH = 217 + 8


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return make_segmenter(3, seed=2)


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
    np.testing.assert_allclose(caffe_bgr(images), expected, atol=1e-4)
    red = caffe_bgr(np.array([[[255, 0, 0]]], np.uint8)).numpy()
    np.testing.assert_allclose(red, [[[-103.939, -116.779, 255 - 123.68]]], atol=1e-4)


def test_grid_sizes():
    sizes = np.arange(1, 30)
    padded = on_grid(sizes, 8)
    assert all(p >= s and p % 8 == 1 and p - s < 8 for p, s in zip(padded, sizes, strict=True))


@pytest.mark.parametrize("size", [(41, 57), (50, 63), (9, 8), (1, 1), (2, 17)])
def test_full_resolution_equals_interpolation_by_hand(segmenter, size):
    height, width = size
    images = random_images(height, width)
    padded = np.zeros([1, height + -(height - 1) % 8, width + -(width - 1) % 8, 3], np.float32)
    padded[:, :height, :width] = caffe_bgr(images)
    coarse = segmenter.model(padded).numpy()[0]
    expected = interpolate(coarse, *padded.shape[1:3])[:height, :width]
    actual = segmenter.logits(images)
    assert actual.shape == (1, height, width, 3)
    np.testing.assert_allclose(actual[0], expected, atol=1e-4 * np.abs(expected).max())


def test_padding_reaches_no_further_than_a_pixel_can(segmenter):
    on_grid = random_images(17, 8 * 60 + 1)
    whole = segmenter.logits(on_grid).numpy()
    cut = 8 * 59 + 2
    padded = segmenter.logits(on_grid[:, :, :cut]).numpy()
    far, near = whole[:, :, : cut - _REACH], whole[:, :, cut - 60 : cut]
    scale = np.abs(whole).max()
    np.testing.assert_allclose(padded[:, :, : cut - _REACH], far, atol=1e-5 * scale)
    assert np.abs(padded[:, :, cut - 60 :] - near).max() > 1e-3 * scale


def test_images_of_a_batch_do_not_mix(segmenter):
    images = random_images(26, 33, batch=2)
    together = segmenter.logits(images)
    for i in range(2):
        alone = segmenter.logits(images[i : i + 1])
        np.testing.assert_allclose(together[i], alone[0], atol=1e-5)


def test_reduced_precision_scores_come_out_as_float32():
    segmenter = make_segmenter(3, seed=2, dtype_policy="mixed_bfloat16")
    logits = segmenter.logits(random_images(17, 17))
    assert logits.dtype == tf.float32


@pytest.mark.parametrize("network", ["largefov", "deeplab", "fcn8s"])
def test_the_margin_of_the_family_is_what_a_pixel_can_reach(network):
    """By the gradient of one pixel's logits: all that they depend on, and something far out."""
    segmenter = make_segmenter(2, 0.02, network, seed=2)
    for variable in segmenter.model.trainable_variables:
        variable.assign(tf.abs(variable))  # no ReLU cuts a path
    margin = segmenter.family.margin
    side = 2 * (margin + 24) + 1
    images = tf.Variable(tf.random.stateless_uniform([1, 33, side, 3], (1, 2)) * 100 + 130)
    center = side // 2
    with tf.GradientTape() as tape:
        score = tf.reduce_sum(segmenter.logits(images)[:, 16, center])
    reached = np.flatnonzero(np.abs(tape.gradient(score, images)).sum(axis=(0, 1, 3)))
    assert center - margin <= reached.min() and reached.max() <= center + margin
    assert reached.max() - center > margin // 2


def test_other_class_names_than_the_network_has_are_refused(segmenter):
    architecture = Architecture("largefov", 0.1, ("background", "cat"))
    with pytest.raises(ValueError, match="3 classes, but 2 class names"):
        Segmenter(architecture, segmenter.model)
    with pytest.raises(ValueError, match="network 'unet': expected one of .*largefov, deeplab"):
        family_of("unet")
    with pytest.raises(InputError, match="--backbone=resnet50: expected vgg16 with --network=lar"):
        family_of("largefov", "resnet50")
    with pytest.raises(InputError, match="--output_stride=16: expected 8 with --network=deeplab"):
        family_of("deeplab", "vgg16", 16)


def test_learning_rates_are_deeplabs(segmenter):
    variables = segmenter.model.trainable_variables
    factors = segmenter.learning_rate_factors(variables, 10.0)
    by_path = {v.path: factor for v, factor in zip(variables, factors, strict=True)}
    assert by_path["block1_conv1/kernel"] == by_path["fc7/kernel"] == 1
    assert by_path["block1_conv1/bias"] == 2
    assert by_path["fc8/kernel"] == 10 and by_path["fc8/bias"] == 20


def test_freezing_takes_variables_out_of_the_training():
    segmenter = make_segmenter(3, 0.05)
    segmenter.freeze(0)
    assert len(segmenter.model.trainable_variables) == 2 * 16
    segmenter.freeze(2)
    paths = [variable.path for variable in segmenter.model.trainable_variables]
    assert any(path.startswith("block3") for path in paths)
    assert not any(path.startswith(("block1", "block2")) for path in paths)
