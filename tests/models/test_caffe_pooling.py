"""Every pooling of the networks against Caffe's rule, in plain NumPy."""

import math

import keras
import numpy as np
import pytest

from boxsup_tf.models.networks.deeplab_vgg16 import HEADS
from tests.models.segmenters import build_network


def caffe_size(size: int, kernel: int, stride: int, pad: int) -> int:
    """Caffe rounds up, but no window may begin in the far border."""
    windows = math.ceil((size + 2 * pad - kernel) / stride) + 1
    return windows - 1 if pad and (windows - 1) * stride >= size + pad else windows


def caffe_pool(x: np.ndarray, average: bool, kernel: int, stride: int, pad: int) -> np.ndarray:
    """[H, W, C]: the maximum over the part of a window inside the image; an average is divided
    by the part inside the image and its border."""
    height, width, channels = x.shape
    out = np.zeros([*(caffe_size(n, kernel, stride, pad) for n in (height, width)), channels])
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            top, left = i * stride - pad, j * stride - pad
            bottom, right = min(top + kernel, height + pad), min(left + kernel, width + pad)
            inside = x[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
            if average:
                out[i, j] = inside.sum(axis=(0, 1)) / ((bottom - top) * (right - left))
            else:
                out[i, j] = inside.max(axis=(0, 1))
    return out


# Of the published prototxts: pooling, its layers here, average, stride.
_MAXIMA = [(f"block{b}_pool", [f"block{b}_pool"], False, 2 if b < 4 else 1) for b in range(1, 6)]
_POOLINGS = {
    "largefov": [*_MAXIMA, ("pool5a", ["pool5a_border", "pool5a"], True, 1)],
    "deeplab": _MAXIMA,
}


@pytest.fixture(scope="module", params=HEADS)
def model(request):
    return build_network(request.param, 4, width_multiplier=0.02, seed=1)


def test_every_pooling_is_caffes(model):
    for name, layers, average, stride in _POOLINGS[model.name]:
        for height, width in [(1, 1), (1, 9), (11, 41), (17, 9)]:
            # Negative numbers too: zeros from the border would win among them.
            x = np.random.default_rng(height).normal(-1, 1, (height, width, 2)).astype(np.float32)
            ours = x[np.newaxis]
            for layer in layers:
                ours = model.get_layer(layer)(ours)
            expected = caffe_pool(x, average, 3, stride, 1)
            np.testing.assert_allclose(ours[0], expected, rtol=1e-5, atol=1e-6, err_msg=name)


def test_no_pooling_is_left_out_of_the_comparison(model):
    kinds = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
    names = [layer.name for layer in model.layers if isinstance(layer, kinds)]
    assert names == [name for name, *_ in _POOLINGS[model.name]]


@pytest.mark.parametrize("side", [1, 33, 305, 321])
def test_on_the_grid_every_side_is_caffes(model, side):
    images = np.zeros([1, side, 1, 3], np.float32)
    names = [name for name, *_ in _POOLINGS[model.name]]
    outputs = keras.Model(model.input, [model.get_layer(name).output for name in names])(images)
    expected = side
    for (name, _, _, stride), output in zip(_POOLINGS[model.name], outputs, strict=True):
        expected = caffe_size(expected, 3, stride, 1)
        assert output.shape[1] == expected, name
    assert expected == (side - 1) // 8 + 1
