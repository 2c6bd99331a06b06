"""Box geometry. Boxes are [ymin, xmin, ymax, xmax], half-open, in pixels.

Half-open: the pixel (y, x) lies in the box when ymin <= y < ymax and xmin <= x < xmax.
"""

import numpy as np
import tensorflow as tf


def area_yxyx(boxes: tf.Tensor) -> tf.Tensor:
    """Areas in pixels of boxes [..., 4] as float32 [...]; 0 for an empty or inverted box."""
    boxes = tf.cast(boxes, tf.float32)
    height = tf.maximum(boxes[..., 2] - boxes[..., 0], 0.0)
    width = tf.maximum(boxes[..., 3] - boxes[..., 1], 0.0)
    return height * width


def pairwise_iou_yxyx(boxes_a: tf.Tensor, boxes_b: tf.Tensor) -> tf.Tensor:
    """Intersection over union of every box of `boxes_a` with every box of `boxes_b`.

    Args:
        boxes_a: [A, 4], any numeric dtype, pixels.
        boxes_b: [B, 4], likewise.

    Returns:
        float32 [A, B] in [0, 1]; 0 where both boxes are empty.
    """
    a = tf.cast(boxes_a, tf.float32)[:, None, :]
    b = tf.cast(boxes_b, tf.float32)[None, :, :]
    top_left = tf.maximum(a[..., :2], b[..., :2])
    bottom_right = tf.minimum(a[..., 2:], b[..., 2:])
    intersection = area_yxyx(tf.concat([top_left, bottom_right], axis=-1))
    union = area_yxyx(a) + area_yxyx(b) - intersection
    return tf.math.divide_no_nan(intersection, union)


def inside_yxyx(boxes: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Which pixels lie in which box: a pixel does when its centre does.

    Args:
        boxes: [B, 4] pixels; fractional edges are allowed (COCO has them).
        height, width: scalar int32, the image's size.

    Returns:
        bool [B, height, width].
    """
    boxes = tf.cast(boxes, tf.float32)
    y = tf.range(height, dtype=tf.float32)[None, :] + 0.5
    x = tf.range(width, dtype=tf.float32)[None, :] + 0.5
    in_rows = (y >= boxes[:, 0:1]) & (y < boxes[:, 2:3])
    in_columns = (x >= boxes[:, 1:2]) & (x < boxes[:, 3:4])
    return in_rows[:, :, None] & in_columns[:, None, :]


def windows_yxyx(boxes: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """The rows and columns of the pixels that lie in boxes: those of `inside_yxyx`.

    Args:
        boxes: float32 [B, 4], yxyx half-open, pixels.
        size: int32 [2], height and width of the image.

    Returns:
        int32 [B, 4], yxyx half-open, within the image.
    """
    # y + 1/2 >= edge for the whole numbers y from ceil(edge - 1/2) on.
    sides = tf.cast(tf.tile(size, [2]), tf.float32)
    return tf.cast(tf.clip_by_value(tf.math.ceil(boxes - 0.5), 0.0, sides), tf.int32)


def tight_box_yxyx(mask: np.ndarray) -> np.ndarray:
    """The tight box of a mask.

    Args:
        mask: bool [H, W] with at least one pixel set.

    Returns:
        int32 [4], pixels.

    Raises:
        ValueError: the mask is empty, so it has no tight box.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        raise ValueError("an empty mask has no tight box")
    return np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1], np.int32)
