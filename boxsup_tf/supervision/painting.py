"""The pseudo-mask that a labelling paints (BoxSup, Sec. 3.2)."""

import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.pools.pool_ops import Pool, members_of
from boxsup_tf.supervision.annotated_boxes import AnnotatedBoxes
from boxsup_tf.supervision.selection import RECTANGLE


def paint(pool: Pool, chosen: tf.Tensor, annotated: AnnotatedBoxes, clip_to_box: bool) -> tf.Tensor:
    """Paints class labels inside the activated candidates, background elsewhere.

    Smaller candidates lie on top of larger ones; of two of one size, the earlier box's is on top.
    An ignored box, such as a crowd's, is void, or its candidate is, where no object's lies on it.

    Args:
        pool: of the image, N candidates.
        chosen: int32 [B], the boxes' part of the labelling: candidate numbers or `RECTANGLE`.
        annotated: the B boxes.
        clip_to_box: paint a candidate's part inside its box only.

    Returns:
        int32 [H, W] of class labels and `VOID`.
    """
    boxes, labels, ignored = annotated
    shape = tf.shape(pool.superpixels)
    inside = box_ops.inside_yxyx(boxes, shape[0], shape[1])
    as_rectangle = chosen == RECTANGLE
    members = members_of(pool.membership, tf.maximum(chosen, 0))
    regions = tf.gather(members, pool.superpixels, axis=1)
    if clip_to_box:
        regions &= inside
    regions = tf.where(as_rectangle[:, None, None], inside, regions)
    # Order: objects by size, ignored boxes, and the background over the whole image; every pixel
    # takes the first region that holds it.
    pixels = tf.math.count_nonzero(regions, axis=[1, 2])
    everywhere = tf.cast(shape[0] * shape[1], tf.int64)
    order = tf.argsort(tf.where(ignored, everywhere + 1, pixels), stable=True)
    paints = tf.gather(tf.where(ignored, VOID, labels), order)
    paints = tf.concat([paints, [BACKGROUND]], axis=0)
    regions = tf.cast(tf.gather(regions, order), tf.uint8)
    regions = tf.concat([regions, tf.ones([1, shape[0], shape[1]], tf.uint8)], axis=0)
    label_map = tf.gather(paints, tf.argmax(regions, axis=0))
    return tf.ensure_shape(label_map, [None, None])
