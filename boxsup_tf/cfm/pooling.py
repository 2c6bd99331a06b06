"""Features of segments out of a feature map, by spatial pyramid pooling of one level.

For VGG-16 the pyramid is the 7 x 7 features that its fully connected layers take (K. He, X. Zhang,
S. Ren, J. Sun. Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition. ECCV
2014).
"""

import tensorflow as tf

BINS = 7  # to a side


def pool_segments(
    features: tf.Tensor, masks: tf.Tensor, boxes: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The largest feature in each of 7 x 7 bins of a segment's box: of all, and of the segment's.

    Args:
        features: [h, w, C], none negative.
        masks: bool [S, h, w].
        boxes: int32 [S, 4], yxyx half-open, features, none empty; see `projection.project`.

    Returns:
        [S, 7, 7, C] each: of the region, and of the segment, whose bins are 0 where it is not. A
        box of fewer than 7 rows or columns has some of them in several bins.
    """
    size = tf.shape(features)
    height, width = size[0], size[1]
    top, left, bottom, right = tf.unstack(boxes, axis=1)
    rows, row_samples = _samples(top, bottom, height)
    columns, column_samples = _samples(left, right, width)
    places = rows[:, :, None] * width + columns[:, None, :]
    everything = tf.gather(tf.reshape(features, [height * width, features.shape[-1]]), places)
    inside = tf.gather(tf.reshape(masks, [-1, height * width]), places, batch_dims=1)
    segment = tf.where(inside[..., None], everything, tf.zeros_like(everything))

    def largest(samples: tf.Tensor) -> tf.Tensor:
        shape = [-1, BINS, row_samples, BINS, column_samples, features.shape[-1]]
        return tf.reduce_max(tf.reshape(samples, shape), axis=[2, 4])

    return largest(everything), largest(segment)


def _samples(first: tf.Tensor, end: tf.Tensor, most: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Lines of boxes, so many for each bin that none of a box's lines is left out.

    Returns:
        int32 [S, 7 m] and m.
    """
    each = (most + BINS - 1) // BINS
    number = tf.range(BINS * each)
    return first[:, None] + number[None] * (end - first)[:, None] // (BINS * each), each
