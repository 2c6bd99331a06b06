"""DeepLabv3+: its grid, its rates, and batch normalisation that stays as it was loaded."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.batch_norm import FrozenBatchNormalization
from boxsup_tf.models.segmenter import Segmenter
from tests.models.segmenters import make_segmenter

_IMAGES = np.random.default_rng(0).normal(0, 1, (2, 65, 97, 3)).astype(np.float32)


def _segmenter(output_stride: int = 16, **options) -> Segmenter:
    options = {"dropout": 0.0, "seed": 1} | options
    return make_segmenter(3, 0.35, "deeplab_v3_plus", "mobilenet_v2", output_stride, **options)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    """Its activations do not vanish, as they do with random weights and no statistics."""
    segmenter = _segmenter(batch_norm="trained")
    for layer in segmenter.model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    segmenter.model(_IMAGES, training=True)
    return segmenter


@pytest.mark.parametrize(("output_stride", "rates"), [(8, (12, 24, 36)), (32, (3, 6, 9))])
def test_scores_lie_on_every_fourth_pixel_and_rates_go_with_the_stride(output_stride, rates):
    model = _segmenter(output_stride).model
    assert model(_IMAGES).shape == (2, 17, 25, 3)
    assert model.get_layer("block5").output.shape[-1] == 112
    found = [model.get_layer(f"aspp_{i}").dilation_rate[0] for i in (2, 3, 4)]
    assert tuple(found) == rates


def test_a_mirrored_image_has_mirrored_scores(segmenter):
    """With symmetric kernels: so no window is off its centre, and scores lie on their pixels."""
    for weight in segmenter.model.weights:
        if len(weight.shape) == 4:
            kernel = weight.numpy()
            weight.assign((kernel + kernel[::-1, ::-1]) / 2)
    scores = segmenter.model(_IMAGES).numpy()
    assert scores.std(axis=(1, 2)).max() > 1e-3 * np.abs(scores).max()
    turned = segmenter.model(_IMAGES[:, ::-1, ::-1]).numpy()[:, ::-1, ::-1]
    np.testing.assert_allclose(turned, scores, atol=1e-4 * np.abs(scores).max())


def test_frozen_statistics_stay_and_all_else_is_trained(segmenter):
    frozen = _segmenter()
    frozen.model.set_weights(segmenter.model.get_weights())
    statistics = [w for w in frozen.model.non_trainable_weights if "moving" in w.path]
    before = [weight.numpy() for weight in statistics]
    trained = frozen.model(_IMAGES, training=True)
    np.testing.assert_array_equal(trained, frozen.model(_IMAGES, training=False))
    for weight, old in zip(statistics, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    names = {v.path.rsplit("/", 1)[1] for v in frozen.model.trainable_variables}
    assert names == {"kernel", "gamma", "beta", "bias"}
    layers = [m for m in frozen.model.layers if isinstance(m, keras.layers.BatchNormalization)]
    assert all(isinstance(layer, FrozenBatchNormalization) for layer in layers)
    # The pyramid's and the decoder's are layers of the head; they follow the same rule.
    assert {"aspp_1_bn", "decoder_conv2_bn", "bn_Conv1"} <= {layer.name for layer in layers}


def test_mixed_precision_gives_about_the_same_scores(segmenter):
    mixed = _segmenter(dtype_policy="mixed_bfloat16")
    mixed.model.set_weights(segmenter.model.get_weights())
    exact, scores = (one.model(_IMAGES).numpy() for one in (segmenter, mixed))
    error = np.linalg.norm(scores - exact) / np.linalg.norm(exact)
    assert scores.dtype == np.float32 and 0 < error < 0.1
    computed = {layer.name: layer.output.dtype for layer in mixed.model.layers}
    assert computed.pop("images") == computed.pop("logits") == "float32"
    assert set(computed.values()) == {"bfloat16"}
    images = np.random.default_rng(1).integers(0, 256, (1, 40, 50, 3))
    exact = segmenter.logits(images).numpy()
    for stored in (False, True):
        copy = segmenter.bfloat16_copy(stored).logits(images).numpy()
        assert 0 < np.linalg.norm(copy - exact) / np.linalg.norm(exact) < 0.1


@pytest.mark.parametrize("network", ["deeplab_v3_plus", "fcn8s"])
@pytest.mark.parametrize("num_blocks", [2, 5])
def test_skips_pass_by_the_frozen_blocks(segmenter, network, num_blocks):
    if network == "fcn8s":
        segmenter = make_segmenter(3, 0.05, network, seed=1)
    model = segmenter.model
    trunk, head = segmenter.split(num_blocks)
    features = trunk(_IMAGES)
    np.testing.assert_array_equal(head(features), model(_IMAGES))
    assert isinstance(features, tuple) == (num_blocks == 5)
    whole = {id(weight) for weight in model.weights}
    halves = [id(weight) for half in (trunk, head) for weight in half.weights]
    assert set(halves) == whole and len(halves) == len(whole)
    copy = segmenter.bfloat16_copy().split(num_blocks)[1]
    rounded = tf.nest.map_structure(lambda part: tf.cast(part, tf.bfloat16), features)
    assert copy(rounded).shape == head(features).shape
