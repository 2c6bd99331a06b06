"""Backbones of keras-hub: their own pyramids, by way of a preset in a folder."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.models.network_family import family_of
from tests.models.segmenters import make_segmenter

keras_hub = pytest.importorskip("keras_hub")


@pytest.fixture(scope="module")
def own() -> keras.Model:
    backbone = keras_hub.models.ResNetBackbone(
        **{"input_conv_filters": [64], "input_conv_kernel_sizes": [7]},
        **{"stackwise_num_filters": [64, 8, 8, 16], "stackwise_num_blocks": [1, 1, 1, 1]},
        **{"stackwise_num_strides": [1, 2, 2, 2], "block_type": "basic_block"},
        use_pre_activation=False,
    )
    rng = np.random.default_rng(0)
    for weight in backbone.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return backbone


@pytest.fixture(scope="module")
def preset(own, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("hub") / "preset")
    own.save_to_preset(folder)
    return folder


@pytest.mark.parametrize(("stride", "level", "num_blocks"), [(0, "P5", 4), (8, "P3", 2)])
def test_features_are_those_of_keras_hub(own, preset, stride, level, num_blocks):
    segmenter = make_segmenter(3, 1.0, "deeplab_v3_plus", f"keras_hub:{preset}", stride)
    segmenter.load_weights("imagenet")
    assert segmenter.family.side_step == (stride or 32)
    images = np.random.default_rng(1).integers(0, 256, (1, 65, 97, 3))
    inputs = segmenter.inputs_of(images)
    model = segmenter.model
    last = {"P3": "block2", "P5": "block4"}[level]
    found = keras.Model(model.input, [model.get_layer(n).output for n in ("block1", last)])(inputs)
    theirs = keras.Model(own.input, [own.pyramid_outputs[n] for n in ("P2", level)])(inputs)
    for ours, expected in zip(found, theirs, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4 * np.max(expected))
    assert segmenter.logits(images).shape == (1, 65, 97, 3)
    assert len(segmenter.family.block_ends) == num_blocks
    trunk, head = segmenter.split(num_blocks)
    np.testing.assert_allclose(head(trunk(inputs)), model(inputs), atol=1e-5)


def test_preprocessing_is_the_presets(own, tmp_path):
    folder = str(tmp_path / "preset")
    own.save_to_preset(folder)
    converter = keras_hub.layers.ResNetImageConverter(scale=1 / 50, offset=[-2.0, -2.5, -3.0])
    converter.save_to_preset(folder)
    family = family_of("deeplab_v3_plus", f"keras_hub:{folder}")
    np.testing.assert_allclose(family.mean_rgb, [100, 125, 150])
    np.testing.assert_allclose(family.preprocess(tf.constant([[100, 0, 200]])), [[0, -2.5, 1]])


def test_what_is_no_preset_is_refused_in_one_line(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"class_name": "Nothing"}))
    for name in ("no_such_preset", str(tmp_path)):
        with pytest.raises(
            InputError, match=f"^--backbone=keras_hub:{name}: expected a preset[^\n]*$"
        ):
            make_segmenter(3, 1.0, "deeplab_v3_plus", f"keras_hub:{name}")
    with pytest.raises(InputError, match="expected vgg16 with --network=largefov"):
        family_of("largefov", "keras_hub:resnet")
