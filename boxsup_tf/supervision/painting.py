"""The pseudo-mask that a labelling paints."""

import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.pools import pool_ops
from boxsup_tf.supervision.selection import RECTANGLE

PAINT_ORDERS = ("smaller", "larger")


def paint(
    superpixels: tf.Tensor,
    membership: pool_ops.Membership,
    chosen: tf.Tensor,
    boxes: tf.Tensor,
    labels: tf.Tensor,
    ignored: tf.Tensor,
    clip_to_box: bool,
    paint_order: str = "smaller",
) -> tf.Tensor:
    """Paints class labels inside the activated candidates, background elsewhere.

    Smaller candidates lie on top of larger ones, or the other way round; of two of one size, the
    earlier box's. An ignored box names pixels of which nothing is learnt, such as a crowd's: what
    no candidate covers of it is void.

    Args:
        superpixels: int32 [H, W].
        membership: of N candidates (`pool_ops.decode_membership`).
        chosen: int32 [B], candidate numbers or `RECTANGLE`.
        boxes: float32 [B, 4], yxyx half-open, pixels.
        labels: int32 [B].
        ignored: bool [B].
        clip_to_box: paint a candidate's part inside its box only.
        paint_order: of `PAINT_ORDERS`, what is on top.

    Returns:
        int32 [H, W] of class labels and `VOID`.
    """
    shape = tf.shape(superpixels)
    inside = box_ops.inside_yxyx(boxes, shape[0], shape[1])
    as_rectangle = ignored | (chosen == RECTANGLE)
    members = pool_ops.members_of(membership, tf.maximum(chosen, 0))
    regions = tf.gather(members, superpixels, axis=1)
    if clip_to_box:
        regions &= inside
    regions = tf.where(as_rectangle[:, None, None], inside, regions)
    # Order: objects by size, ignored boxes, and the background over the whole image; every pixel
    # takes the first region that holds it.
    pixels = tf.math.count_nonzero(regions, axis=[1, 2])
    everywhere = tf.cast(shape[0] * shape[1], tf.int64)
    rank = pixels if paint_order == "smaller" else -pixels
    order = tf.argsort(tf.where(ignored, everywhere + 1, rank), stable=True)
    paints = tf.gather(tf.where(ignored, VOID, labels), order)
    paints = tf.concat([paints, [BACKGROUND]], axis=0)
    regions = tf.cast(tf.gather(regions, order), tf.uint8)
    regions = tf.concat([regions, tf.ones([1, shape[0], shape[1]], tf.uint8)], axis=0)
    return tf.gather(paints, tf.argmax(regions, axis=0))
