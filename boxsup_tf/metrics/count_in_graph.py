"""`confusion.count_pixels` inside a TensorFlow graph."""

import tensorflow as tf

from boxsup_tf.labels import VOID


def count_pixels(truth: tf.Tensor, predicted: tf.Tensor, num_classes: int) -> tf.Tensor:
    """Counts the pixels of one image, inside a graph.

    Args:
        truth: int32, any shape; `VOID` is left out.
        predicted: int32, the same shape; VOID (where nothing is claimed) is left out too.
        num_classes: background included.

    Returns:
        int64 [num_classes, num_classes], true label by predicted label.
    """
    known = (truth != VOID) & (predicted != VOID)
    cell = tf.boolean_mask(truth, known) * num_classes + tf.boolean_mask(predicted, known)
    counts = tf.math.bincount(
        cell, minlength=num_classes**2, maxlength=num_classes**2, dtype=tf.int64
    )
    return tf.reshape(counts, [num_classes, num_classes])
