"""Sums over the pixels of boxes, by superpixel: what the costs of all candidates are made of."""

from typing import NamedTuple

import tensorflow as tf


class BoxSums(NamedTuple):
    """Sums over pixels that lie in a box, each float32 [B, n] for n sets of pixels.

    Attributes:
        area: number of pixels.
        log_odds: of log P(l_b) - log P(background), l_b the box's label.
        background: of -log P(background); 0 where it was not asked for.
        belief: of sigmoid(log-odds minus their mean in the box); 0 likewise.
    """

    area: tf.Tensor
    log_odds: tf.Tensor
    background: tf.Tensor
    belief: tf.Tensor


def sum_by_superpixel(
    windows: tf.Tensor,
    labels: tf.Tensor,
    logits: tf.Tensor,
    superpixels: tf.Tensor,
    num_superpixels: tf.Tensor,
    background: tf.Tensor | None,
    with_belief: bool,
) -> BoxSums:
    """Sums over every superpixel's part inside the boxes, one box after the other.

    Args:
        windows: int32 [B, 4], of `boxes.windows_yxyx`; at least one.
        labels: int32 [B].
        logits: float32 [H, W, C].
        superpixels: int32 [H, W], values below R.
        num_superpixels: int32 scalar, R.
        background: float32 [H, W], -log P(background); None: its sums are not asked for.
        with_belief: whether those of the belief are.

    Returns:
        Sums [B, R].
    """

    def sum_in_box(window_and_label: tuple[tf.Tensor, tf.Tensor]) -> BoxSums:
        (top, left, bottom, right), label = tf.unstack(window_and_label[0]), window_and_label[1]
        rows, columns = slice(top, bottom), slice(left, right)
        segments = tf.reshape(superpixels[rows, columns], [-1])

        def by_superpixel(values: tf.Tensor) -> tf.Tensor:
            values = tf.reshape(values, [-1])
            return tf.math.unsorted_segment_sum(values, segments, num_superpixels)

        area = tf.math.bincount(
            segments, minlength=num_superpixels, maxlength=num_superpixels, dtype=tf.float32
        )
        log_odds = logits[rows, columns, label] - logits[rows, columns, 0]
        sums = BoxSums(area, by_superpixel(log_odds), tf.zeros_like(area), tf.zeros_like(area))
        if background is not None:
            sums = sums._replace(background=by_superpixel(background[rows, columns]))
        if with_belief:
            # By superpixels first: the sum of sums is more exact than one over all pixels.
            mean = tf.math.divide_no_nan(tf.reduce_sum(sums.log_odds), tf.reduce_sum(area))
            sums = sums._replace(belief=by_superpixel(tf.sigmoid(log_odds - mean)))
        return sums

    row = tf.TensorSpec([None], tf.float32)
    signature = BoxSums(row, row, row, row)
    return tf.map_fn(sum_in_box, (windows, labels), fn_output_signature=signature)


def sum_by_candidate(sums: BoxSums, members: tf.Tensor) -> BoxSums:
    """Sums [B, N] over the candidates' superpixels, and so over their pixels inside the boxes.

    Args:
        sums: [B, R].
        members: float32 [R, N], 0 or 1.
    """
    # One product: what takes time is reading the matrix.
    rows = tf.concat(sums, axis=0)
    return BoxSums(*tf.split(tf.matmul(rows, members), len(sums)))


def sum_by_box(sums: BoxSums) -> BoxSums:
    """Sums [B, 1] over all superpixels, and so over the boxes' pixels, from sums [B, R]."""
    return BoxSums(*(tf.reduce_sum(values, axis=1, keepdims=True) for values in sums))
