"""Random scale, flip and crop of an image with its label map; the draw follows a seed alone."""

import tensorflow as tf

from boxsup_tf import fields

# The colour that preprocessing turns into 0.
_MEAN_RGB = (123.68, 116.779, 103.939)


def random_scale_flip_crop(
    image: tf.Tensor,
    label_map: tf.Tensor,
    crop_size: int,
    scale_range: tuple[float, float],
    seed: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """One training crop.

    Args:
        image: uint8 [H, W, 3].
        label_map: int32 [H, W].
        crop_size: side of the crop in pixels. A smaller image is padded: with the mean colour,
            and void in the label map.
        scale_range: smallest and largest factor of the image's size.
        seed: int64 [2].

    Returns:
        float32 [crop_size, crop_size, 3] in 0 .. 255, and int32 [crop_size, crop_size].
    """
    draws = tf.random.stateless_uniform([4], seed)
    low, high = scale_range
    scale = low + draws[0] * (high - low)
    size = tf.cast(tf.shape(label_map), tf.float32)
    size = tf.maximum(tf.cast(tf.round(size * scale), tf.int32), 1)
    image = tf.image.resize(image, size)
    label_map = tf.image.resize(label_map[:, :, None], size, method="nearest")

    missing = tf.maximum(crop_size - size, 0)
    padding = [[0, missing[0]], [0, missing[1]], [0, 0]]
    image = tf.pad(image - _MEAN_RGB, padding) + _MEAN_RGB
    label_map = tf.pad(label_map, padding, constant_values=fields.VOID)

    room = tf.cast(tf.shape(label_map)[:2] - crop_size + 1, tf.float32)
    top_left = tf.cast(draws[1:3] * room, tf.int32)
    both = [
        tensor[top_left[0] : top_left[0] + crop_size, top_left[1] : top_left[1] + crop_size]
        for tensor in (image, label_map)
    ]
    both = [tf.where(draws[3] < 0.5, tensor[:, ::-1], tensor) for tensor in both]
    image = tf.ensure_shape(both[0], [crop_size, crop_size, 3])
    return image, tf.ensure_shape(both[1][:, :, 0], [crop_size, crop_size])
