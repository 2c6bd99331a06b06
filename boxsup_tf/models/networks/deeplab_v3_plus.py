"""DeepLabv3+: atrous spatial pyramid pooling and a decoder, on any backbone.

L.-C. Chen, Y. Zhu, G. Papandreou, F. Schroff, H. Adam. Encoder-Decoder with Atrous Separable
Convolution for Semantic Image Segmentation. ECCV 2018 (arXiv 1802.02611), Sec. 3.1: rates 6, 12
and 18 at an output stride of 16, twice as much at 8; features of the whole image; a decoder that
joins the result with 48 channels of stride 4 and ends with two convolutions of 3 x 3 and 256
channels. Convolutions here are ordinary ones, as in the paper's ResNet-101.
"""

import functools

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.models.atrous import AtrousConv2D
from boxsup_tf.models.backbone import Backbone, backbones
from boxsup_tf.models.batch_norm import batch_normalization
from boxsup_tf.models.grid import upsample
from boxsup_tf.models.hub_backbone import hub_backbone
from boxsup_tf.models.network_family import KERAS_HUB, Head, NetworkFamily, NetworkOptions

_LAST_LAYER = "logits"
_STRIDE = 4
_CHANNELS, _LOW_CHANNELS = 256, 48
_RATES_AT_16 = (6, 12, 18)


@keras.saving.register_keras_serializable(package="boxsup_tf")
class ResizeLike(keras.layers.Layer):
    """Bilinear interpolation of features to the height and width of others."""

    def call(self, inputs: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
        size = tf.unstack(tf.shape(like)[1:3])
        # TensorFlow's gradient of this is float32's alone.
        resized = upsample(tf.cast(inputs, tf.float32), *size)
        return tf.cast(resized, self.compute_dtype)

    def compute_output_shape(self, inputs_shape: tuple, like_shape: tuple) -> tuple:
        return (*like_shape[:3], inputs_shape[3])


def build_network(backbone: Backbone, output_stride: int, options: NetworkOptions) -> keras.Model:
    """Builds a network with random (He-normal) weights.

    Args:
        backbone: of the network.
        output_stride: of the backbone.
        options: dropout is behind the pyramid; a width scales the head, and the backbone where that
            comes in several widths.

    Returns:
        A model from preprocessed images (float32 [B, H, W, 3]) to logits (float32
        [B, ceil(H / 4), ceil(W / 4), num_classes]). With H = output_stride * n + 1, score (i, j)
        belongs to pixel (4 i, 4 j).
    """
    base = backbone.build(output_stride, options)
    low, features = base.outputs
    dtype = {"dtype": options.dtype_policy}
    # The backbone draws from the same seed.
    seeds = iter(np.random.SeedSequence([options.seed, 1]).generate_state(32).tolist())

    def conv(x, name: str, channels: int, size: int, rate: int = 1):
        """Convolution, batch normalisation, ReLU."""
        channels = max(1, round(channels * options.width_multiplier))
        x = AtrousConv2D(
            *(channels, size),
            padding="same",
            dilation_rate=rate,
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=next(seeds)),
            name=name,
            **dtype,
        )(x)
        x = batch_normalization(options.batch_norm, name=f"{name}_bn", epsilon=1e-5, **dtype)(x)
        return keras.layers.ReLU(name=f"{name}_relu", **dtype)(x)

    whole = keras.layers.GlobalAveragePooling2D(keepdims=True, name="image_pool", **dtype)(features)
    whole = conv(whole, "image_pool_conv", _CHANNELS, 1)
    pyramid = [conv(features, "aspp_1", _CHANNELS, 1)]
    for i, rate in enumerate(_RATES_AT_16, start=2):
        pyramid.append(conv(features, f"aspp_{i}", _CHANNELS, 3, rate * 16 // output_stride))
    pyramid.append(ResizeLike(name="image_pool_broadcast", **dtype)(whole, features))
    x = keras.layers.Concatenate(name="aspp", **dtype)(pyramid)
    x = conv(x, "aspp_project", _CHANNELS, 1)
    x = keras.layers.Dropout(options.dropout, seed=next(seeds), name="aspp_dropout", **dtype)(x)
    x = ResizeLike(name="decoder_resize", **dtype)(x, low)
    skip = conv(low, "decoder_low_level", _LOW_CHANNELS, 1)
    x = keras.layers.Concatenate(name="decoder", **dtype)([x, skip])
    for i in (1, 2):
        x = conv(x, f"decoder_conv{i}", _CHANNELS, 3)
    # bfloat16 has eight bits: too few for the differences of logits that a loss is made of.
    small = keras.initializers.RandomNormal(stddev=0.01, seed=next(seeds))
    last = AtrousConv2D(
        options.num_classes, 1, kernel_initializer=small, name=_LAST_LAYER, dtype="float32"
    )
    return keras.Model(base.input, last(x), name="deeplab_v3_plus")


def _family(name: str, output_stride: int) -> NetworkFamily:
    is_preset = name.startswith(KERAS_HUB)
    backbone = hub_backbone(name.removeprefix(KERAS_HUB)) if is_preset else backbones()[name]
    output_stride = output_stride or backbone.output_strides[0]
    return NetworkFamily(
        build=functools.partial(build_network, backbone, output_stride),
        load_weights=backbone.load_weights,
        stride=_STRIDE,
        side_step=output_stride,
        preprocess=backbone.preprocess,
        mean_rgb=backbone.mean_rgb,
        block_ends=backbone.block_ends(output_stride),
        last_layers=(_LAST_LAYER,),
        # The pooling sees the whole image. What is nearer is taken to be all that matters.
        margin=240,
        skips=(backbone.low_level,),
        cache_key=f"{name}, output stride {output_stride}",
    )


_FIRST = "resnet50"

HEADS = {
    "deeplab_v3_plus": Head(
        (_FIRST, *sorted(backbones().keys() - {_FIRST})), (16, 8, 32), _family, True
    )
}
