"""VGG-16 DeepLab-LargeFOV.

L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille. Semantic Image Segmentation
with Deep Convolutional Nets and Fully Connected CRFs. ICLR 2015 (arXiv 1412.7062), Sec. 3.1
and the LargeFOV variant of Sec. 4: the last two poolings keep their resolution, conv5 has
rate 2, fc6 is a 3 x 3 convolution of rate 12 with 1,024 channels.
"""

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.models.atrous import AtrousConv2D

STRIDE = 8  # output stride: one score every 8 pixels
POOL5_SCALE = "pool5_scale"

# (block, convolutions, channels, stride of the pooling after it, dilation rate)
_BLOCKS = (
    (1, 2, 64, 2, 1),
    (2, 2, 128, 2, 1),
    (3, 3, 256, 2, 1),
    (4, 3, 512, 1, 1),
    (5, 3, 512, 1, 2),
)

_FC_CHANNELS = 1024
_FC6_RATE = 12

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


def build_largefov(
    num_classes: int, width_multiplier: float = 1.0, dropout: float = 0.5, seed: int = 0
) -> keras.Model:
    """Builds the network with random (He-normal) weights.

    Args:
        num_classes: background included.
        width_multiplier: scales the channels of every layer but the last; 1.0 is VGG-16.
        dropout: rate after fc6 and fc7.
        seed: of the initial weights and of dropout.

    Returns:
        A model from preprocessed images (float32 [B, H, W, 3], see `models.scores`) to logits
        (float32 [B, ceil(H / 8), ceil(W / 8), num_classes]). With H = 8 n + 1 every pooling
        window is symmetric about its centre, as in Caffe, and score (i, j) belongs to pixel
        (8 i, 8 j).

    Raises:
        ValueError: no channels would be left.
    """
    if not width_multiplier > 0:
        raise ValueError(f"width_multiplier must be positive, not {width_multiplier}")
    seeds = iter(np.random.SeedSequence(seed).generate_state(32).tolist())

    def conv(x, name, channels, size, rate=1, activation="relu", initializer=None):
        initializer = initializer or keras.initializers.HeNormal(seed=next(seeds))
        return AtrousConv2D(
            channels,
            size,
            padding="same",
            dilation_rate=rate,
            activation=activation,
            kernel_initializer=initializer,
            name=name,
        )(x)

    def scaled(channels: int) -> int:
        return max(1, round(channels * width_multiplier))

    x = images = keras.Input([None, None, 3], name="images")
    for block, convolutions, channels, stride, rate in _BLOCKS:
        for i in range(convolutions):
            first = None
            if block == 1 and i == 0:
                first = keras.initializers.VarianceScaling(_FIRST_KERNEL_VARIANCE, seed=next(seeds))
            x = conv(x, f"block{block}_conv{i + 1}", scaled(channels), 3, rate, initializer=first)
        x = keras.layers.MaxPooling2D(3, stride, padding="same", name=f"block{block}_pool")(x)
    x = keras.layers.AveragePooling2D(3, 1, padding="same", name="pool5a")(x)
    x = FixedScale(name=POOL5_SCALE)(x)
    x = conv(x, "fc6", scaled(_FC_CHANNELS), 3, _FC6_RATE)
    x = keras.layers.Dropout(dropout, seed=next(seeds), name="drop6")(x)
    x = conv(x, "fc7", scaled(_FC_CHANNELS), 1)
    x = keras.layers.Dropout(dropout, seed=next(seeds), name="drop7")(x)
    small = keras.initializers.RandomNormal(stddev=0.01, seed=next(seeds))
    logits = conv(x, "fc8", num_classes, 1, activation=None, initializer=small)
    return keras.Model(images, logits, name="largefov")
