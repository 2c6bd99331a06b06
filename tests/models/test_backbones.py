"""Backbones of keras.applications: at every feature that Keras' own model has, they equal it."""

import keras
import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.models.backbone import backbones
from boxsup_tf.models.network_family import NetworkOptions

_applications = keras.applications
_SIDE = 65

# Name, stride, Keras' own, and the layers of it that give features of stride 4 and 32.
_CASES = [
    ("resnet50", 8, _applications.ResNet50, "conv2_block3_out", "conv5_block3_out"),
    ("resnet50_v2", 16, _applications.ResNet50V2, "conv2_block2_out", "post_relu"),
    ("mobilenet_v2", 8, _applications.MobileNetV2, "block_2_add", "block_16_project_BN"),
    (
        *("mobilenet_v3_small", 16, _applications.MobileNetV3Small),
        *("expanded_conv_project_bn", "expanded_conv_10_add"),
    ),
    (
        *("mobilenet_v3_small", 32, _applications.MobileNetV3Small),
        *("expanded_conv_project_bn", "expanded_conv_10_add"),
    ),
    ("efficientnet_v2_b0", 16, _applications.EfficientNetV2B0, "block2b_add", "block6h_add"),
    ("convnext_tiny", 8, _applications.ConvNeXtTiny, None, None),
]


def _options(name: str, **options) -> NetworkOptions:
    return NetworkOptions(3, 0.35 if name.startswith("mobilenet") else 1.0, **options)


def _randomize(model: keras.Model, rng: np.random.Generator, excitation: bool) -> None:
    """Statistics and biases that make a difference; without excitation, gates are constant."""
    for weight in model.weights:
        shape = tuple(weight.shape)
        if "se_" in weight.path or "squeeze_excite" in weight.path:
            if len(shape) == 4 and not excitation:
                weight.assign(np.zeros(shape))
        elif weight.path.endswith(("variance", "gamma")):
            weight.assign(rng.uniform(0.5, 1.5, shape))
        elif len(shape) == 1:
            weight.assign(rng.normal(0, 0.3, shape))


@pytest.mark.parametrize(("name", "stride", "application", "low", "last"), _CASES)
def test_features_are_those_of_keras(name, stride, application, low, last, tmp_path):
    options = _options(name)
    is_convnext, has_width = name.startswith("convnext"), options.width_multiplier != 1
    own = {} if name.startswith(("resnet", "mobilenet_v2")) else {"include_preprocessing": False}
    own |= {"alpha": options.width_multiplier} if has_width else {}
    # ConvNeXt's kernels lie between pixels: a border brings them near to the grid.
    side = _SIDE + 31 if is_convnext else _SIDE
    shape = (side, side, 3)
    original = application(include_top=False, weights=None, input_shape=shape, **own)
    rng = np.random.default_rng(0)
    _randomize(original, rng, excitation=stride == 32)
    path = str(tmp_path / "own.weights.h5")
    original.save_weights(path)
    backbone = backbones()[name]
    model = backbone.build(stride, options)
    backbone.load_weights(model, path, options.width_multiplier)
    images = rng.normal(0, 1, (2, _SIDE, _SIDE, 3)).astype(np.float32)
    padded = np.pad(images, [(0, 0), (14, 17), (14, 17), (0, 0)]) if is_convnext else images
    if is_convnext:
        low_tensor = original.get_layer("convnext_tiny_downsampling_block_0").input
        tensors = [low_tensor, original.output]
    else:
        tensors = [original.get_layer(layer).output for layer in (low, last)]
    expected_low, expected = (
        features.numpy() for features in keras.Model(original.input, tensors)(padded)
    )
    if is_convnext:
        expected_low = expected_low[:, 3:-4, 3:-4]
    found_low, found = (features.numpy() for features in model(images))
    step = 32 // stride
    assert found_low.shape[1:3] == (17, 17)
    assert found.shape[1:3] == (64 // stride + 1, 64 // stride + 1)
    for ours, theirs in ((found_low, expected_low), (found[:, ::step, ::step], expected)):
        scale = np.abs(theirs).max()
        assert theirs.std(axis=(0, 1, 2)).max() > 1e-3 * scale
        np.testing.assert_allclose(ours, theirs, atol=1e-4 * scale)


def test_weights_follow_the_seed_and_layers_have_names_of_their_own():
    name = "mobilenet_v3_small"
    models = [backbones()[name].build(16, _options(name, seed=seed)) for seed in (7, 7, 8)]
    names = [[layer.name for layer in model.layers] for model in models]
    assert names[0] == names[1] == names[2]
    first, again, other = ([w.numpy() for w in model.trainable_weights] for model in models)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)


def test_one_width_and_damaged_files_are_refused(tmp_path):
    backbone = backbones()["resnet50"]
    with pytest.raises(InputError, match="--width_multiplier=0.5: expected 1: .*ResNet50"):
        backbone.build(16, NetworkOptions(3, 0.5))
    path = tmp_path / "text.weights.h5"
    path.write_text("not HDF5")
    small = backbones()["mobilenet_v2"]
    model = small.build(16, _options("mobilenet_v2"))
    before = model.get_weights()
    for init in (str(path), "nowhere.weights.h5"):
        with pytest.raises(InputError, match=f"--init={init}: expected .* of MobileNetV2"):
            small.load_weights(model, init, 0.35)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
