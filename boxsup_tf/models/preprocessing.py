"""What ImageNet networks are given of photographs."""

import keras
import tensorflow as tf

MEAN_RGB = (123.68, 116.779, 103.939)  # of ImageNet; `caffe_bgr` turns this colour into 0


def caffe_bgr(images: tf.Tensor) -> tf.Tensor:
    """RGB [..., 3] in 0 .. 255 (any dtype) to float32 BGR minus the ImageNet means."""
    images = tf.cast(images, tf.float32)
    return keras.applications.imagenet_utils.preprocess_input(images, mode="caffe")
