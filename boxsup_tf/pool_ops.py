"""Candidate pools inside a TensorFlow graph: decode, pick rows, areas and tight boxes.

The counterpart of `candidates.CandidatePool` for tf.data pipelines and tf.functions.
"""

import tensorflow as tf


def decode_superpixels(encoded: tf.Tensor) -> tf.Tensor:
    """int32 [H, W] from the 16-bit PNG (scalar string) that `CandidatePool.pack` wrote."""
    png = tf.io.decode_png(encoded, channels=1, dtype=tf.uint16)
    return tf.cast(png[:, :, 0], tf.int32)


def decode_columns(packed: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """The packed bits as uint8 [R, ceil(N / 8)], a row a superpixel; [0, 1] when N is 0.

    Args:
        packed: scalar string, zlib.
        count: scalar int, N.
    """
    stored = tf.io.decode_raw(tf.io.decode_compressed(packed, "ZLIB"), tf.uint8)
    width = tf.maximum((tf.cast(count, tf.int32) + 7) // 8, 1)
    return tf.reshape(stored, tf.stack([-1, width]))


def members_of(columns: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
    """Membership of some candidates, without unpacking the others.

    Args:
        columns: uint8 [R, ceil(N / 8)] of `decode_columns`.
        candidates: int32 [B], values in 0 .. N-1.

    Returns:
        bool [B, R].
    """
    chosen = tf.gather(columns, candidates // 8, axis=1)  # [R, B]
    shift = tf.cast(7 - candidates % 8, tf.uint8)
    bit = tf.bitwise.bitwise_and(tf.bitwise.right_shift(chosen, shift[None, :]), 1)
    return tf.transpose(tf.cast(bit, tf.bool))


def all_members(columns: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """The whole membership matrix, transposed: bool [R, N].

    Args:
        columns: uint8 [R, ceil(N / 8)] of `decode_columns`.
        count: scalar int, N.
    """
    shifts = tf.range(7, -1, -1)
    bits = tf.bitwise.right_shift(columns[:, :, None], tf.cast(shifts, tf.uint8)[None, None, :])
    bits = tf.cast(tf.bitwise.bitwise_and(bits, 1), tf.bool)
    return tf.reshape(bits, tf.stack([tf.shape(columns)[0], -1]))[:, : tf.cast(count, tf.int32)]


def areas(superpixels: tf.Tensor, members: tf.Tensor) -> tf.Tensor:
    """Areas of all candidates in pixels, float32 [N] (exact below 2**24 pixels).

    Args:
        superpixels: int32 [H, W].
        members: bool [R, N].
    """
    sizes = tf.math.bincount(tf.reshape(superpixels, [-1]), minlength=tf.shape(members)[0])
    sizes = tf.cast(sizes[: tf.shape(members)[0]], tf.float32)
    return tf.linalg.matvec(tf.cast(members, tf.float32), sizes, transpose_a=True)


def tight_boxes_yxyx(superpixels: tf.Tensor, members: tf.Tensor) -> tf.Tensor:
    """Tight boxes of all candidates, int32 [N, 4], half-open, pixels.

    Args:
        superpixels: int32 [H, W].
        members: bool [R, N].
    """
    num, shape = tf.shape(members)[0], tf.shape(superpixels)
    flat = tf.reshape(superpixels, [-1])
    # An empty pool decodes to no superpixels at all; a negative segment is left out.
    flat = tf.where(flat < num, flat, -1)
    y = tf.repeat(tf.range(shape[0]), shape[1])
    x = tf.tile(tf.range(shape[1]), shape[:1])
    low = [tf.math.unsorted_segment_min(v, flat, num) for v in (y, x)]
    high = [tf.math.unsorted_segment_max(v, flat, num) + 1 for v in (y, x)]
    far = tf.constant(tf.int32.max)
    low = [tf.reduce_min(tf.where(members, v[:, None], far), axis=0) for v in low]
    high = [tf.reduce_max(tf.where(members, v[:, None], 0), axis=0) for v in high]
    return tf.stack(low + high, axis=1)
