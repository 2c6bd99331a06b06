"""FCN: scores of three strides, joined as by interpolation, over VGG-16's own poolings."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.grid import upsample
from tests.models.segmenters import build_network

_IMAGES = np.random.default_rng(0).normal(0, 60, (2, 65, 97, 3)).astype(np.float32)


def _output_of(model: keras.Model, layer: str) -> tf.Tensor:
    return keras.Model(model.input, model.get_layer(layer).output)(_IMAGES)


def test_scores_of_pool4_and_pool3_are_added_to_interpolated_ones():
    model = build_network("fcn8s", 4, 0.05, seed=1)
    rng = np.random.default_rng(1)
    for layer in ("score_16", "score_8"):
        kernel, bias = model.get_layer(layer).get_weights()
        assert not kernel.any() and not bias.any()
        model.get_layer(layer).set_weights(
            [rng.normal(0, 0.1, kernel.shape), rng.normal(0, 0.1, bias.shape)]
        )
    expected = _output_of(model, "score")
    assert expected.shape == (2, 3, 4, 4)
    for layer, pool, size in (
        ("score_16", "block4_pool", (5, 7)),
        ("score_8", "block3_pool", (9, 13)),
    ):
        kernel, bias = model.get_layer(layer).get_weights()
        expected = upsample(expected, *size) + _output_of(model, pool).numpy() @ kernel[0, 0] + bias
    scores = model(_IMAGES).numpy()
    np.testing.assert_allclose(scores, expected, atol=1e-5 * np.abs(scores).max())


@pytest.mark.parametrize(("name", "stride"), [("fcn32s", 32), ("fcn16s", 16)])
def test_a_fresh_skip_adds_nothing(name, stride):
    """As the paper starts FCN-16s from FCN-32s."""
    coarse, model = (build_network(n, 4, 0.05, seed=1) for n in ("fcn32s", name))
    size = (64 // stride + 1, 96 // stride + 1)
    scores = model(_IMAGES)
    np.testing.assert_allclose(scores, upsample(coarse(_IMAGES), *size), atol=1e-6)


def test_doubling_is_learnt():
    model = build_network("fcn8s", 4, 0.05)
    paths = {variable.path for variable in model.trainable_variables}
    assert {"double_16/kernel", "double_8/kernel"} <= paths
    assert model.get_layer("fc6").kernel.shape[:2] == (7, 7)
    assert model.get_layer("block5_conv1").dilation_rate == (1, 1)
