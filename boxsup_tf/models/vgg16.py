"""VGG-16's layers, of which several networks are made: convolutions, fc6 and fc7.

K. Simonyan, A. Zisserman. Very Deep Convolutional Networks for Large-Scale Image Recognition.
ICLR 2015 (arXiv 1409.1556), configuration D. Poolings are 3 x 3 with a border of 1, so that at
sides of stride * n + 1 every window is symmetric about its centre; VGG-16's own are 2 x 2, which
put features between pixels.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.models.atrous import AtrousConv2D
from boxsup_tf.models.network_family import NetworkOptions
from boxsup_tf.models.vgg16_weights import POOL5_SCALE

BLOCK_ENDS = tuple(f"block{block}_pool" for block in range(1, 6))

_CONVOLUTIONS = (2, 2, 3, 3, 3)
_CHANNELS = (64, 128, 256, 512, 512)

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


class Vgg16:
    """Adds VGG-16's layers, with random (He-normal) weights, to a network.

    Args:
        options: of the network. Every kernel and every dropout draws the next of its seeds.
    """

    def __init__(self, options: NetworkOptions) -> None:
        self._options = options
        self.dtype = {"dtype": options.dtype_policy}
        self._seeds = iter(np.random.SeedSequence(options.seed).generate_state(32).tolist())

    def next_seed(self) -> int:
        return next(self._seeds)

    def conv(self, x, name: str, channels: int, size: int, rate: int = 1, **options):
        """A convolution whose outputs have its inputs' size, with ReLU unless `options` say."""
        if "kernel_initializer" not in options:
            options["kernel_initializer"] = keras.initializers.HeNormal(seed=self.next_seed())
        options = {"activation": "relu", **self.dtype, **options}
        layer = AtrousConv2D(
            channels, size, padding="same", dilation_rate=rate, name=name, **options
        )
        return layer(x)

    def blocks(self, images, strides: Sequence[int], rates: Sequence[int]):
        """The five blocks.

        Args:
            images: preprocessed.
            strides: of each block's pooling.
            rates: of each block's convolutions.
        """
        x, sizes = images, zip(_CONVOLUTIONS, _CHANNELS, strides, rates, strict=True)
        for block, (convolutions, channels, stride, rate) in enumerate(sizes, start=1):
            for i in range(convolutions):
                options = {}
                if block == 1 and i == 0:
                    options["kernel_initializer"] = keras.initializers.VarianceScaling(
                        _FIRST_KERNEL_VARIANCE, seed=self.next_seed()
                    )
                name = f"block{block}_conv{i + 1}"
                x = self.conv(x, name, self._scaled(channels), 3, rate, **options)
            x = keras.layers.MaxPooling2D(
                3, stride, padding="same", name=BLOCK_ENDS[block - 1], **self.dtype
            )(x)
        return x

    def fc6_and_fc7(self, pool5, size: int, rate: int, channels: int):
        """The fully connected layers as convolutions, each with dropout behind it.

        Args:
            pool5: what they are given; it is multiplied by a fixed weight first.
            size, rate: of fc6's kernel; fc7 is 1 x 1.
            channels: of both, before the width multiplier.
        """
        x = FixedScale(name=POOL5_SCALE, **self.dtype)(pool5)
        for number, kernel in ((6, (size, rate)), (7, (1, 1))):
            x = self.conv(x, f"fc{number}", self._scaled(channels), *kernel)
            seed, name = self.next_seed(), f"drop{number}"
            x = keras.layers.Dropout(self._options.dropout, seed=seed, name=name, **self.dtype)(x)
        return x

    def _scaled(self, channels: int) -> int:
        return max(1, round(channels * self._options.width_multiplier))
