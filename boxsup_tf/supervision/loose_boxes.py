"""E_o of boxes that are not tight: a band for every edge, and boxes tightened by the network.

BoxSup's E_o takes the box for the object's tight one: of a box that was drawn with a margin it
prefers candidates that fill the margin, too.
"""

import tensorflow as tf

from boxsup_tf import boxes as box_ops

# Rows and columns at an edge that hold together less than this share of the belief are not counted.
LEAST_SHARE = 0.02


def overlap_cost(
    boxes: tf.Tensor,
    labels: tf.Tensor,
    tight: tf.Tensor,
    logits: tf.Tensor,
    tolerance: float,
    retighten: bool,
) -> tf.Tensor:
    """1 - IoU of a candidate's tight box with the best of the boxes that a loose box may mean.

    Every edge of a loose box lies where it was drawn or further in, by up to `tolerance` of the
    box's side. With `retighten`, where the network sees the object in the box, the edges lie where
    the object ends instead, still within the band.

    Args:
        boxes: float32 [B, 4], yxyx half-open, pixels.
        labels: int32 [B].
        tight: int32 [N, 4], candidates' tight boxes; an inverted one overlaps no box.
        logits: float32 [H, W, C], the network's; all 0 where it was not asked.
        tolerance: below 1/2.
        retighten: whether the network's belief decides within the band.

    Returns:
        float32 [B, N], 0 .. 1.
    """
    inner = _shrunk(boxes, tolerance)
    if retighten:
        boxes, inner = _retightened(boxes, inner, labels, logits)
    tight = tf.cast(tight, tf.float32)[None]
    # The edge of the band nearest to the candidate's.
    boxes, inner = boxes[:, None], inner[:, None]
    low = tf.minimum(tf.maximum(tight[..., :2], boxes[..., :2]), inner[..., :2])
    high = tf.maximum(tf.minimum(tight[..., 2:], boxes[..., 2:]), inner[..., 2:])
    meant = tf.concat([low, high], axis=-1)
    common = tf.concat([tf.maximum(low, tight[..., :2]), tf.minimum(high, tight[..., 2:])], axis=-1)
    intersection = box_ops.area_yxyx(common)
    union = box_ops.area_yxyx(meant) + box_ops.area_yxyx(tight) - intersection
    return 1.0 - tf.math.divide_no_nan(intersection, union)


def _shrunk(boxes: tf.Tensor, share: float) -> tf.Tensor:
    """Boxes whose edges all lie further in by a share of the side."""
    reach = share * tf.tile(boxes[:, 2:] - boxes[:, :2], [1, 2])
    return boxes + reach * tf.constant([1.0, 1.0, -1.0, -1.0])


def _retightened(
    boxes: tf.Tensor, inner: tf.Tensor, labels: tf.Tensor, logits: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Boxes and inner boxes, equal where the network sees the object in the box."""
    size = tf.shape(logits)[:2]

    def of_box(parts: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        box, inner, label, window = parts
        top, left, bottom, right = tf.unstack(window)
        inside = logits[top:bottom, left:right]
        log_odds = inside[:, :, label] - inside[:, :, 0]
        # As `calibrated` reads the network: a surplus of background in the whole box is none.
        mean = tf.math.divide_no_nan(
            tf.reduce_sum(log_odds), tf.cast(tf.size(log_odds), tf.float32)
        )
        believed = tf.cast(log_odds - tf.minimum(mean, 0.0) > 0, tf.float32)
        (top_in, bottom_in), (left_in, right_in) = (
            _extent(tf.reduce_sum(believed, axis=axis)) for axis in (1, 0)
        )
        found = tf.stack([top + top_in, left + left_in, top + bottom_in, left + right_in])
        found = tf.cast(found, tf.float32)
        low = tf.clip_by_value(found[:2], box[:2], inner[:2])
        high = tf.clip_by_value(found[2:], inner[2:], box[2:])
        meant, sees = tf.concat([low, high], axis=0), tf.reduce_any(believed > 0)
        return tf.where(sees, meant, box), tf.where(sees, meant, inner)

    spec = tf.TensorSpec([4], tf.float32)
    windows = box_ops.windows_yxyx(boxes, size)
    return tf.map_fn(of_box, (boxes, inner, labels, windows), fn_output_signature=(spec, spec))


def _extent(counts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """First line of those that hold the belief, and the one after the last; int32 scalars."""
    share = tf.math.divide_no_nan(tf.cumsum(counts), tf.reduce_sum(counts))
    first = tf.reduce_sum(tf.cast(share <= LEAST_SHARE, tf.int32))
    return first, tf.reduce_sum(tf.cast(share < 1 - LEAST_SHARE, tf.int32)) + 1
