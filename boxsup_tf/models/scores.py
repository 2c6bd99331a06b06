"""From photographs to full-resolution scores: the network's pixel grid, in one place."""

import keras
import tensorflow as tf

from boxsup_tf.models.networks import STRIDE


def preprocess(images: tf.Tensor) -> tf.Tensor:
    """RGB [..., 3] in 0 .. 255 (any dtype) to float32 BGR minus the ImageNet means."""
    images = tf.cast(images, tf.float32)
    return keras.applications.imagenet_utils.preprocess_input(images, mode="caffe")


def full_resolution_logits(model: keras.Model, images: tf.Tensor) -> tf.Tensor:
    """Logits for every pixel.

    Args:
        model: a network of `models`.
        images: [B, H, W, 3] RGB, 0 .. 255.

    Returns:
        float32 [B, H, W, num_classes].
    """
    logits = model(pad_to_grid(images), training=False)
    return at_every_pixel(logits, tf.shape(images)[1], tf.shape(images)[2])


def pad_to_grid(images: tf.Tensor) -> tf.Tensor:
    """What a network is given of whole images.

    They are padded at the bottom and right with the mean colour to sides of 8 n + 1, where
    score (i, j) lies on pixel (8 i, 8 j).

    Args:
        images: [B, H, W, 3] RGB, 0 .. 255.

    Returns:
        float32 [B, H', W', 3], preprocessed.
    """
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    padding = [[0, 0], [0, on_grid(height) - height], [0, on_grid(width) - width], [0, 0]]
    return tf.pad(preprocess(images), padding)


def at_every_pixel(logits: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Scores of the pixels between those of `pad_to_grid`, bilinearly; the padding is cut off.

    Args:
        logits: [B, h, w, C] of the padded images.
        height, width: int32 scalars, the images' own.

    Returns:
        float32 [B, height, width, C].
    """
    logits = upsample(tf.cast(logits, tf.float32), on_grid(height), on_grid(width))
    return logits[:, :height, :width]


def label_maps(model: keras.Model, images: tf.Tensor) -> tf.Tensor:
    """The class of highest score at every pixel, int32 [B, H, W]; see above."""
    logits = full_resolution_logits(model, images)
    return tf.argmax(logits, axis=-1, output_type=tf.int32)


def on_grid(size: tf.Tensor) -> tf.Tensor:
    """The smallest 8 n + 1 that is at least `size` (int32)."""
    return (size + STRIDE - 2) // STRIDE * STRIDE + 1


def upsample(values: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Bilinear interpolation that keeps the corner values on the corner pixels."""
    return tf.compat.v1.image.resize(values, [height, width], align_corners=True)
