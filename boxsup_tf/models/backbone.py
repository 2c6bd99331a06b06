"""Backbone: what is to be known of a network's first part; backbones by name."""

import dataclasses
import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from boxsup_tf.models import backbones as _backbones
from boxsup_tf.models.network_family import NetworkOptions
from boxsup_tf.plugins import united


@dataclasses.dataclass(frozen=True)
class Backbone:
    """A network without its classifier, on which heads can stand.

    With sides of output_stride * n + 1, its features have sides of n + 1 and lie on every
    output_stride-th pixel from the first on, or within two pixels of them.

    Attributes:
        build: (output_stride, options) to a model from preprocessed images, float32 [B, H, W, 3],
            to two tensors in the compute dtype: features of stride 4, and of the output stride.
        load_weights: (model, init, width_multiplier) fills in what a source has of the backbone's
            layers, in a model that holds them among others.
        preprocess: RGB [..., 3] in 0 .. 255 to what it is given, float32.
        mean_rgb: the colour that `preprocess` turns into 0.
        block_ends: from the output stride to the last layer of each block that may be frozen, from
            the first block on.
        low_level: the layer that gives the features of stride 4.
        output_strides: that it can be built with.
    """

    build: Callable[[int, NetworkOptions], keras.Model]
    load_weights: Callable[[keras.Model, str, float], None]
    preprocess: Callable[[tf.Tensor], tf.Tensor]
    mean_rgb: tuple[float, float, float]
    block_ends: Callable[[int], tuple[str, ...]]
    low_level: str
    output_strides: tuple[int, ...] = (16, 8, 32)


@functools.cache
def backbones() -> dict[str, Backbone]:
    """By name."""
    return united(_backbones, "BACKBONES")
