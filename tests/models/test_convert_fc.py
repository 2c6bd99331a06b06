"""fc6 and fc7 made of VGG-16's classifier, against the activations of VGG-16 itself."""

import os
import pathlib

import cv2
import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.models.convert_fc import fc6_and_fc7
from boxsup_tf.models.vgg16_weights import POOL5_SCALE, load_initial_weights
from tests.models.segmenters import build_network

_SHARED_DATA = pathlib.Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def vgg() -> keras.Model:
    """All of VGG-16, with small random weights and biases that are not 0."""
    model = keras.applications.VGG16(include_top=True, weights=None)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        values = rng.random(weight.shape, np.float32) - 0.5
        inputs = int(np.prod(weight.shape[:-1]))
        # Uniform numbers have a variance of 1/12; with 2 / inputs activations keep theirs.
        values *= 0.2 if values.ndim == 1 else (24 / inputs) ** 0.5
        weight.assign(values)
    return model


@pytest.fixture(scope="module")
def fc(vgg) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: tuple(vgg.get_layer(name).get_weights()) for name in ("fc1", "fc2")}


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """uint8 [1, 224, 224, 3]; random where the folder of real images is absent."""
    shared = pathlib.Path(os.environ.get("BOXSUP_SHARED_DATA", _SHARED_DATA))
    files = sorted((shared / "voc_subset" / "VOC2012" / "JPEGImages").glob("*.jpg"))
    if not files:
        return np.random.default_rng(3).integers(0, 256, (1, 224, 224, 3))
    return cv2.resize(cv2.imread(str(files[0])), (224, 224))[np.newaxis, :, :, ::-1]


def relu_conv(features, weights, rate: int = 1) -> np.ndarray:
    kernel, bias = weights
    return tf.nn.relu(tf.nn.conv2d(features, kernel, 1, "VALID", dilations=rate) + bias).numpy()


def assert_close(actual: np.ndarray, expected: np.ndarray) -> None:
    assert 0.2 < (expected > 0).mean() < 0.8  # neither dead nor without its ReLU
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4 * expected.max())


def test_full_size_reproduces_vgg16_on_a_photograph(vgg, fc, photograph):
    inputs = keras.applications.vgg16.preprocess_input(photograph.astype(np.float32))
    outputs = [vgg.get_layer(name).output for name in ("block5_pool", "fc1", "fc2")]
    pool5, fc1, fc2 = (x.numpy() for x in keras.Model(vgg.input, outputs)(inputs))
    assert pool5.shape == (1, 7, 7, 512) and pool5.std() > 0.01
    converted = fc6_and_fc7(**fc, size=7, channel_step=1)
    fc6 = relu_conv(pool5, converted["fc6"])
    assert fc6.shape == (1, 1, 1, 4096)
    assert_close(fc6[0, 0], fc1)
    assert_close(relu_conv(fc6, converted["fc7"])[0, 0], fc2)


@pytest.mark.parametrize("size, kept", [(3, (0, 3, 6)), (4, (0, 2, 4, 6))])
def test_sub_sampled_kernel_is_vgg16_blind_between_its_taps(vgg, fc, size, kept):
    """fc1 sees zeros wherever the smaller kernel does not look: both must agree."""
    pool5 = np.zeros([1, 7, 7, 512], np.float32)
    rng = np.random.default_rng(1)
    for i in kept:
        for j in kept:
            pool5[0, i, j] = rng.random(512)
    fc6 = fc6_and_fc7(**fc, size=size, channel_step=1)["fc6"]
    ours = relu_conv(pool5, fc6, rate=kept[1])
    assert_close(ours[0, 0], vgg.get_layer("fc1")(pool5.reshape(1, -1)).numpy())


def test_a_quarter_of_the_channels_is_vgg16_deaf_to_the_others(vgg, fc):
    pool5 = np.random.default_rng(2).random((1, 7, 7, 512), np.float32)
    converted = fc6_and_fc7(**fc, size=7, channel_step=4)
    fc1 = vgg.get_layer("fc1")(pool5.reshape(1, -1)).numpy()
    fc6 = relu_conv(pool5, converted["fc6"])
    assert_close(fc6[0, 0], fc1[:, ::4])
    fc1[:, np.arange(4096) % 4 > 0] = 0
    assert_close(relu_conv(fc6, converted["fc7"])[0, 0], vgg.get_layer("fc2")(fc1).numpy()[:, ::4])


@pytest.mark.parametrize("size", [0, 1, 5, 8])
def test_uneven_steps_are_refused(fc, size):
    with pytest.raises(ValueError, match=f"size {size}: expected 7, 4, 3 or 2"):
        fc6_and_fc7(**fc, size=size, channel_step=1)


def write_keras2_file(vgg: keras.Model, path: pathlib.Path) -> None:
    """In the layout of the published vgg16_weights_tf_dim_ordering_tf_kernels.h5."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in vgg.layers]
        for layer in vgg.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{kind}_1:0" for kind in "Wb"] if layer.weights else []
            group.attrs["weight_names"] = np.array(names, "S")
            for name, weight in zip(names, layer.get_weights(), strict=True):
                group[name] = weight


def write_keras3_file(vgg: keras.Model, path: pathlib.Path) -> None:
    vgg.save_weights(path)


@pytest.mark.parametrize(
    "name, size, channel_step, file_name, write",
    [
        ("largefov", 3, 4, "vgg16_kernels.h5", write_keras2_file),
        ("deeplab", 4, 1, "vgg16.weights.h5", write_keras3_file),
    ],
)
def test_file_with_classifier_fills_all_but_the_last_layer(
    vgg, fc, tmp_path, name, size, channel_step, file_name, write
):
    path = tmp_path / file_name
    write(vgg, path)
    model = build_network(name, 3, seed=5)
    fc8 = model.get_layer("fc8").get_weights()
    model.get_layer(POOL5_SCALE).set_weights([np.array(0.5)])
    load_initial_weights(model, str(path))
    path.unlink()  # half a gigabyte
    expected = fc6_and_fc7(**fc, size=size, channel_step=channel_step)
    for layer in vgg.layers:
        if layer.name.startswith("block") and layer.weights:
            expected[layer.name] = layer.get_weights()
    assert len(expected) == 15
    expected["fc8"] = fc8
    for layer, weights in expected.items():
        for ours, theirs in zip(model.get_layer(layer).get_weights(), weights, strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=layer)
    assert model.get_layer(POOL5_SCALE).get_weights() == [1.0]
