"""What ImageNet networks are given of photographs."""

from collections.abc import Callable

import keras
import tensorflow as tf

MEAN_RGB = (123.68, 116.779, 103.939)  # of ImageNet; `caffe_bgr` turns this colour into 0
TORCH_MEAN_RGB = (123.675, 116.28, 103.53)  # the same, of `torch_rgb`


def caffe_bgr(images: tf.Tensor) -> tf.Tensor:
    """RGB [..., 3] in 0 .. 255 (any dtype) to float32 BGR minus the ImageNet means."""
    images = tf.cast(images, tf.float32)
    return keras.applications.imagenet_utils.preprocess_input(images, mode="caffe")


def torch_rgb(images: tf.Tensor) -> tf.Tensor:
    """RGB [..., 3] in 0 .. 255 (any dtype) to float32 of ImageNet's mean 0 and deviation 1."""
    images = tf.cast(images, tf.float32)
    return keras.applications.imagenet_utils.preprocess_input(images, mode="torch")


def minus_one_to_one(middle: float) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function from RGB [..., 3] in 0 .. 255 (any dtype) to float32 in about -1 .. 1.

    Args:
        middle: what becomes 0.
    """
    return lambda images: tf.cast(images, tf.float32) / middle - 1.0
