"""cfm.network: VGG-16's layers, on features of segments."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.cfm.config import CfmConfig
from boxsup_tf.cfm.network import CfmNetwork
from boxsup_tf.models.architecture import Architecture
from boxsup_tf.models.segmenter import Segmenter

_NAMES = ("background", "person", "grass")


@pytest.fixture(scope="module")
def network() -> CfmNetwork:
    config = CfmConfig("", scale=1.0, width_multiplier=0.05, frozen_blocks=2, seed=3)
    made = CfmNetwork(_NAMES, config)
    made.load_weights("random")
    return made


def test_both_ways_begin_as_vgg16s_fc6_and_fc7(network):
    """The same numbers as the convolutions of FCN-32s make in the middle of 7 x 7 features."""
    vgg = Segmenter.build(Architecture("fcn32s", 0.05, _NAMES), seed=3).model
    rng = np.random.default_rng(0)
    pooled = rng.uniform(0, 1, (2, 7, 7, network.trunk.output.shape[-1])).astype(np.float32)
    expected = pooled
    for name in ("fc6", "fc7"):
        expected = vgg.get_layer(name)(expected)
    for way in ("region", "segment"):
        x = pooled.reshape(2, -1)
        for name in (f"{way}_fc6", f"{way}_fc7"):
            x = network.head.get_layer(name)(x)
        np.testing.assert_allclose(x, expected[:, 3, 3], atol=1e-5)


def test_features_lie_on_every_16th_pixel():
    """With even kernels a dot on pixel (48, 64) changes what lies around feature (3, 4) evenly."""
    network = CfmNetwork(_NAMES, CfmConfig("", scale=1.0, width_multiplier=0.01))
    for layer in network.trunk.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([np.full_like(kernel, 1 / kernel[..., 0].size), bias])
    image = np.full((97, 129, 3), 128, np.uint8)
    plain = network.features(network.inputs_of(tf.constant(image))).numpy()
    assert plain.shape[:2] == network.feature_size((97, 129)) == (7, 9)
    image[48, 64] = 255
    change = network.features(network.inputs_of(tf.constant(image))).numpy() - plain
    assert change[3, 4].max() > 0
    np.testing.assert_allclose(change, change[::-1, ::-1], rtol=1e-3, atol=1e-5)


def test_only_layers_that_are_not_frozen_learn(network):
    paths = [variable.path for variable in network.trainable_variables]
    assert not any(path.startswith(("block1", "block2")) for path in paths)
    assert any(path.startswith("block3") for path in paths)
    assert sum(path.startswith("segment_fc6") for path in paths) == 2
    assert not any("scale" in path for path in paths)


def test_the_segments_own_features_count(network):
    rng = np.random.default_rng(0)
    features = tf.constant(rng.uniform(0, 1, (6, 6, network.trunk.output.shape[-1])), tf.float32)
    boxes = tf.constant([[0, 0, 6, 6]] * 2)
    masks = np.zeros((2, 6, 6), bool)
    masks[0, :3], masks[1, 3:] = True, True
    scores = network.scores(features, tf.constant(masks), boxes)
    assert scores.shape == (2, 3) and np.abs(scores[0] - scores[1]).max() > 1e-4
