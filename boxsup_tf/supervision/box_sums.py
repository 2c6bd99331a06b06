"""Sums over the pixels of boxes, by superpixel: what the costs of all candidates are made of."""

from typing import NamedTuple

import tensorflow as tf

_MOST_PIXELS = 2**24  # of all boxes together; each takes some 40 bytes


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
    """Sums over every superpixel's part inside the boxes.

    All boxes at once, which a GPU does in a few kernels; one by one where they have so many pixels
    that memory could be short.

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

    def sums_of(boxes: tf.Tensor) -> BoxSums:
        """Of the boxes of these numbers, int32 [b]: sums [b, R] by one pass over their pixels."""
        pixels = _pixels_of(tf.gather(windows, boxes), tf.shape(superpixels)[1])
        num_sums = tf.shape(boxes)[0] * num_superpixels
        segments = pixels.box * num_superpixels + tf.gather(flat_superpixels, pixels.place)

        def by_superpixel(values: tf.Tensor) -> tf.Tensor:
            sums = tf.math.unsorted_segment_sum(values, segments, num_sums)
            return tf.reshape(sums, [-1, num_superpixels])

        area = tf.math.bincount(segments, minlength=num_sums, maxlength=num_sums, dtype=tf.float32)
        area = tf.reshape(area, [-1, num_superpixels])
        label = tf.gather(tf.gather(labels, boxes), pixels.box)
        of_label = tf.gather_nd(flat_logits, tf.stack([pixels.place, label], axis=1))
        log_odds = of_label - tf.gather(flat_logits[:, 0], pixels.place)
        sums = BoxSums(area, by_superpixel(log_odds), tf.zeros_like(area), tf.zeros_like(area))
        if background is not None:
            flat = tf.reshape(background, [-1])
            sums = sums._replace(background=by_superpixel(tf.gather(flat, pixels.place)))
        if with_belief:
            # By superpixels first: the sum of sums is more exact than one over all pixels.
            mean = tf.math.divide_no_nan(
                tf.reduce_sum(sums.log_odds, axis=1), tf.reduce_sum(area, axis=1)
            )
            belief = tf.sigmoid(log_odds - tf.gather(mean, pixels.box))
            sums = sums._replace(belief=by_superpixel(belief))
        return sums

    flat_superpixels = tf.reshape(superpixels, [-1])
    flat_logits = tf.reshape(logits, [-1, tf.shape(logits)[2]])
    numbers = tf.range(tf.shape(labels)[0])
    sizes = tf.cast(tf.maximum(windows[:, 2:] - windows[:, :2], 0), tf.int64)
    if tf.reduce_sum(tf.reduce_prod(sizes, axis=1)) <= _MOST_PIXELS:
        return sums_of(numbers)
    row = tf.TensorSpec([None], tf.float32)
    return tf.map_fn(
        lambda number: BoxSums(*(values[0] for values in sums_of(number[None]))),
        numbers,
        fn_output_signature=BoxSums(row, row, row, row),
    )


class _Pixels(NamedTuple):
    """The pixels of boxes, one box after the other, each int32 [P].

    Attributes:
        box: number of the box.
        place: of the pixel in the flattened image.
    """

    box: tf.Tensor
    place: tf.Tensor


def _pixels_of(windows: tf.Tensor, image_width: tf.Tensor) -> _Pixels:
    """Of windows int32 [b, 4]."""
    top, left, bottom, right = tf.unstack(windows, axis=1)
    # A window may be inverted, and has no pixel then.
    width, counts = right - left, tf.maximum(bottom - top, 0) * tf.maximum(right - left, 0)
    box = tf.repeat(tf.range(tf.shape(windows)[0]), counts)
    number = tf.range(tf.shape(box)[0]) - tf.gather(tf.cumsum(counts, exclusive=True), box)
    width = tf.gather(width, box)
    y, x = tf.gather(top, box) + number // width, tf.gather(left, box) + number % width
    return _Pixels(box, y * image_width + x)


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
