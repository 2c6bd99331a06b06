"""The two networks that BoxSup was built on: DeepLab and DeepLab-LargeFOV, both VGG-16.

L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille. Semantic Image Segmentation
with Deep Convolutional Nets and Fully Connected CRFs. ICLR 2015 (arXiv 1412.7062), Sec. 3: the
last two poolings keep their resolution, so conv5 has rate 2; the fully connected layers are
convolutions. In `deeplab` fc6 is 4 x 4 with rate 4 and 4,096 channels; `largefov`, from the
experiments on the field of view, has an average pooling, then 3 x 3 with rate 12 and 1,024.

Poolings are 3 x 3 with a border of 1, as in the authors' LargeFOV and in their later release
of the 4 x 4 network. Their first one pools 2 x 2, which puts scores between pixels.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.models.atrous import AtrousConv2D
from boxsup_tf.models.network_family import DTYPE_POLICIES, NetworkFamily
from boxsup_tf.models.preprocessing import MEAN_RGB, caffe_bgr
from boxsup_tf.models.vgg16_weights import POOL5_SCALE, load_initial_weights

_LAST_LAYER = "fc8"

# (block, convolutions, channels, stride of the pooling after it, dilation rate)
_BLOCKS = (
    (1, 2, 64, 2, 1),
    (2, 2, 128, 2, 1),
    (3, 3, 256, 2, 1),
    (4, 3, 512, 1, 1),
    (5, 3, 512, 1, 2),
)


@dataclasses.dataclass(frozen=True)
class _Head:
    """What follows pool5: an average pooling or not, then fc6 (square) and fc7 (1 x 1)."""

    pool5a: bool
    fc6_size: int
    fc6_rate: int
    channels: int


_HEADS = {
    "largefov": _Head(pool5a=True, fc6_size=3, fc6_rate=12, channels=1024),
    "deeplab": _Head(pool5a=False, fc6_size=4, fc6_rate=4, channels=4096),
}

# Random weights keep the variance of what they are given (He-normal). With this variance of the
# first kernel, pixels minus their mean, which have a deviation of some 60 to 100, come to about
# 1 in every layer; at 60, biases and the last layer hardly move and nothing is learnt.
_FIRST_KERNEL_VARIANCE = 2 / 100**2


@keras.saving.register_keras_serializable(package="boxsup_tf")
class FixedScale(keras.layers.Layer):
    """Multiplies by one number that is a weight but is not trained.

    VGG-16 was trained without normalisation: its pool5 has a root mean square far above 1, on
    which a fresh fc6 diverges at the published learning rate. Who loads such weights sets the
    scale; checkpoints carry it.
    """

    def build(self, input_shape: tuple) -> None:
        self.scale = self.add_weight(shape=(), initializer="ones", trainable=False, name="scale")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * self.scale


def build_network(
    name: str,
    num_classes: int,
    width_multiplier: float = 1.0,
    dropout: float = 0.5,
    seed: int = 0,
    dtype_policy: str = "float32",
) -> keras.Model:
    """Builds a network with random (He-normal) weights; its layers form a chain.

    Args:
        name: `largefov` or `deeplab`.
        num_classes: background included.
        width_multiplier: scales the channels of every layer but the last; 1.0 is VGG-16.
        dropout: rate after fc6 and fc7.
        seed: of the initial weights and of dropout.
        dtype_policy: one of `DTYPE_POLICIES`. `mixed_bfloat16` computes all but the last layer
            in bfloat16; the weights stay float32. Keras' global policy has no say.

    Returns:
        A model from preprocessed images (float32 [B, H, W, 3], `preprocessing.caffe_bgr`) to logits
        (float32 [B, ceil(H / 8), ceil(W / 8), num_classes]). With H = 8 n + 1 every pooling
        window is symmetric about its centre, as in Caffe, and score (i, j) belongs to pixel
        (8 i, 8 j).

    Raises:
        ValueError: no such network or policy, or no channels would be left.
    """
    if name not in _HEADS:
        raise ValueError(f"network {name!r}: expected one of {', '.join(_HEADS)}")
    if dtype_policy not in DTYPE_POLICIES:
        raise ValueError(f"policy {dtype_policy!r}: expected one of {', '.join(DTYPE_POLICIES)}")
    if not width_multiplier > 0:
        raise ValueError(f"width_multiplier must be positive, not {width_multiplier}")
    head = _HEADS[name]
    seeds = iter(np.random.SeedSequence(seed).generate_state(32).tolist())
    dtype = {"dtype": dtype_policy}

    def conv(x, name, channels, size, rate=1, **options):
        if "kernel_initializer" not in options:
            options["kernel_initializer"] = keras.initializers.HeNormal(seed=next(seeds))
        options = {"activation": "relu", **dtype, **options}
        layer = AtrousConv2D(
            channels, size, padding="same", dilation_rate=rate, name=name, **options
        )
        return layer(x)

    def scaled(channels: int) -> int:
        return max(1, round(channels * width_multiplier))

    x = images = keras.Input([None, None, 3], dtype="float32", name="images")
    for block, convolutions, channels, stride, rate in _BLOCKS:
        for i in range(convolutions):
            options = {}
            if block == 1 and i == 0:
                options["kernel_initializer"] = keras.initializers.VarianceScaling(
                    _FIRST_KERNEL_VARIANCE, seed=next(seeds)
                )
            x = conv(x, f"block{block}_conv{i + 1}", scaled(channels), 3, rate, **options)
        x = keras.layers.MaxPooling2D(
            3, stride, padding="same", name=f"block{block}_pool", **dtype
        )(x)
    if head.pool5a:
        # Caffe counts the zeros of the border in its averages; "same" would leave them out.
        x = keras.layers.ZeroPadding2D(1, name="pool5a_border", **dtype)(x)
        x = keras.layers.AveragePooling2D(3, 1, padding="valid", name="pool5a", **dtype)(x)
    x = FixedScale(name=POOL5_SCALE, **dtype)(x)
    x = conv(x, "fc6", scaled(head.channels), head.fc6_size, head.fc6_rate)
    x = keras.layers.Dropout(dropout, seed=next(seeds), name="drop6", **dtype)(x)
    x = conv(x, "fc7", scaled(head.channels), 1)
    x = keras.layers.Dropout(dropout, seed=next(seeds), name="drop7", **dtype)(x)
    small = keras.initializers.RandomNormal(stddev=0.01, seed=next(seeds))
    # bfloat16 has eight bits: too few for the differences of logits that a loss is made of.
    logits = conv(
        x, _LAST_LAYER, num_classes, 1, activation=None, kernel_initializer=small, dtype="float32"
    )
    return keras.Model(images, logits, name=name)


FAMILY = NetworkFamily(
    names=tuple(_HEADS),
    build=build_network,
    load_weights=load_initial_weights,
    stride=8,
    preprocess=caffe_bgr,
    mean_rgb=MEAN_RGB,
    block_ends=tuple(f"block{block}_pool" for block, *_ in _BLOCKS),
    last_layer=_LAST_LAYER,
    # LargeFOV reaches 217 pixels to each side, DeepLab 161; 8 more by interpolation.
    margin=225,
)
