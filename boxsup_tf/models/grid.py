"""The grid of a network's scores: one every `stride` pixels, the first on the first pixel."""

import tensorflow as tf


def on_grid(size: tf.Tensor, stride: int) -> tf.Tensor:
    """The smallest stride * n + 1 that is at least `size` (int32)."""
    return (size + stride - 2) // stride * stride + 1


def scaled_size(size: tf.Tensor, scale: float) -> tf.Tensor:
    """int32 [2]: height and width at a scale, at least one pixel each.

    Args:
        size: int [2], height and width.
        scale: factor.
    """
    return tf.maximum(tf.cast(tf.round(tf.cast(size, tf.float32) * scale), tf.int32), 1)


def upsample(values: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Bilinear interpolation that keeps the corner values on the corner pixels."""
    return tf.compat.v1.image.resize(values, [height, width], align_corners=True)
