"""Random scale, flip and crop of an image with its label map; the draw follows a seed alone."""

from typing import NamedTuple

import tensorflow as tf

from boxsup_tf.labels import VOID


class Crop(NamedTuple):
    """Where a training crop lies in its image, as tensors of a graph.

    Attributes:
        size: int32 [2], height and width that the image is scaled to.
        top_left: int32 [2], of the crop in the scaled image, padded where it is too small.
        flip: bool scalar: left and right are exchanged.
        side: of the crop, pixels.
    """

    size: tf.Tensor
    top_left: tf.Tensor
    flip: tf.Tensor
    side: int

    def of_image(self, image: tf.Tensor, mean_rgb: tuple[float, float, float]) -> tf.Tensor:
        """The crop of an image [H, W, 3]: float32 [side, side, 3], padded with the mean colour."""
        cut = self._cut(tf.image.resize(image, self.size))
        padded = tf.pad(cut - mean_rgb, self._padding()) + mean_rgb
        return tf.ensure_shape(self._mirrored(padded), [self.side, self.side, 3])

    def of_label_map(self, label_map: tf.Tensor) -> tf.Tensor:
        """The crop of a label map int32 [H, W]: int32 [side, side], padded with void."""
        cut = self._cut(tf.image.resize(label_map[:, :, None], self.size, method="nearest"))
        padded = tf.pad(cut, self._padding(), constant_values=VOID)
        return tf.ensure_shape(self._mirrored(padded)[:, :, 0], [self.side, self.side])

    def _cut(self, scaled: tf.Tensor) -> tf.Tensor:
        """What of a scaled image lies in the crop; the padding follows on its lower right."""
        top, left = self.top_left[0], self.top_left[1]
        return scaled[top : top + self.side, left : left + self.side]

    def _padding(self) -> list:
        missing = tf.maximum(self.side - self.size, 0)
        return [[0, missing[0]], [0, missing[1]], [0, 0]]

    def _mirrored(self, crop: tf.Tensor) -> tf.Tensor:
        # One of both is computed, not both.
        return tf.cond(self.flip, lambda: tf.reverse(crop, [1]), lambda: crop)


def draw_crop(
    shape: tf.Tensor, side: int, scale_range: tuple[float, float], seed: tf.Tensor
) -> Crop:
    """Draws one training crop.

    Args:
        shape: int [2], height and width of the image.
        side: of the crop in pixels. A smaller image is padded.
        scale_range: smallest and largest factor of the image's size.
        seed: int64 [2].
    """
    draws = tf.random.stateless_uniform([4], seed)
    low, high = scale_range
    size = tf.cast(shape, tf.float32) * (low + draws[0] * (high - low))
    size = tf.maximum(tf.cast(tf.round(size), tf.int32), 1)
    room = tf.cast(tf.maximum(size, side) - side + 1, tf.float32)
    return Crop(size, tf.cast(draws[1:3] * room, tf.int32), draws[3] < 0.5, side)
