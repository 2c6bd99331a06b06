"""FCN-32s, FCN-16s and FCN-8s: VGG-16 with all its poolings, and skips from pool4 and pool3.

J. Long, E. Shelhamer, T. Darrell. Fully Convolutional Networks for Semantic Segmentation.
CVPR 2015 (arXiv 1411.4038), Sec. 3 and 4: fc6 of 7 x 7 and fc7 with 4,096 channels, class scores,
which are doubled in size by a deconvolution that begins as bilinear interpolation and added to the
class scores of pool4, then of pool3, which begin as 0.

Otherwise than in the paper, scores lie on pixels: poolings are 3 x 3, the deconvolution's kernel is
3 x 3 instead of 4 x 4, and borders are as wide as the kernels ask instead of 100 pixels once. The
last step, to the image's pixels, is interpolation that is not trained, as in the paper.
"""

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.models.network_family import Head, NetworkFamily, NetworkOptions
from boxsup_tf.models.preprocessing import MEAN_RGB, caffe_bgr
from boxsup_tf.models.vgg16 import BLOCK_ENDS, Vgg16
from boxsup_tf.models.vgg16_weights import load_initial_weights

_STRIDES = {"fcn32s": 32, "fcn16s": 16, "fcn8s": 8}
_SKIPS = {16: "block4_pool", 8: "block3_pool"}  # by the stride that they bring
_SCORE = "score"


@keras.saving.register_keras_serializable(package="boxsup_tf")
class BilinearKernel(keras.initializers.Initializer):
    """A deconvolution's kernel that doubles a map's size and leaves its values where they are."""

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None, **_) -> tf.Tensor:
        size, channels = shape[0], shape[2]
        tent = 1 - np.abs(np.arange(size) - size // 2) / 2
        kernel = np.multiply.outer(np.outer(tent, tent), np.eye(channels))
        return tf.constant(kernel, dtype or "float32")


def build_network(name: str, options: NetworkOptions) -> keras.Model:
    """Builds a network with random (He-normal) weights.

    Args:
        name: `fcn32s`, `fcn16s` or `fcn8s`.
        options: dropout is after fc6 and fc7; a width of 1.0 is VGG-16's.

    Returns:
        A model from preprocessed images (float32 [B, H, W, 3], `preprocessing.caffe_bgr`) to logits
        (float32 [B, ceil(H / s), ceil(W / s), num_classes]) with s = 32, 16 or 8. With
        H = 32 n + 1, score (i, j) belongs to pixel (s i, s j).
    """
    vgg, channels = Vgg16(options), options.num_classes
    images = keras.Input([None, None, 3], dtype="float32", name="images")
    pool5 = vgg.blocks(images, strides=(2,) * 5, rates=(1,) * 5)
    x = vgg.fc6_and_fc7(pool5, size=7, rate=1, channels=4096)
    blocks = keras.Model(images, pool5)
    # bfloat16 has eight bits: too few for the differences of logits that a loss is made of.
    last: dict[str, Any] = {"activation": None, "dtype": "float32"}
    small = keras.initializers.RandomNormal(stddev=0.01, seed=vgg.next_seed())
    scores = vgg.conv(x, _SCORE, channels, 1, kernel_initializer=small, **last)
    for stride, layer in _SKIPS.items():
        if stride < _STRIDES[name]:
            break
        double = keras.layers.Conv2DTranspose(
            *(channels, 3, 2),
            use_bias=False,
            kernel_initializer=BilinearKernel(),
            name=f"double_{stride}",
            dtype="float32",
        )
        crop = keras.layers.Cropping2D(1, name=f"crop_{stride}", dtype="float32")
        pool = blocks.get_layer(layer).output
        skip = vgg.conv(pool, f"score_{stride}", channels, 1, kernel_initializer="zeros", **last)
        add = keras.layers.Add(name=f"add_{stride}", dtype="float32")
        scores = add([crop(double(scores)), skip])
    return keras.Model(images, scores, name=name)


def _family(name: str, _backbone: str, _output_stride: int) -> NetworkFamily:
    used = [stride for stride in _SKIPS if stride >= _STRIDES[name]]
    parts = ("double", "crop", "score", "add")
    return NetworkFamily(
        build=functools.partial(build_network, name),
        load_weights=lambda model, init, _: load_initial_weights(model, init),
        stride=_STRIDES[name],
        side_step=32,
        preprocess=caffe_bgr,
        mean_rgb=MEAN_RGB,
        block_ends=BLOCK_ENDS,
        last_layers=(_SCORE, *(f"{part}_{stride}" for stride in used for part in parts)),
        # 121 pixels by the blocks, 96 by fc6, and up to 32 by interpolation.
        margin=249,
        skips=tuple(_SKIPS[stride] for stride in used),
        cache_key="vgg16, output stride 32",
    )


HEADS = {name: Head(("vgg16",), (32,), functools.partial(_family, name)) for name in _STRIDES}
