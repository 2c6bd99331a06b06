"""Doubt along outlines: a band on either side of them is not learnt from.

Pseudo-masks are wrong mostly at their outlines. Ignoring what is doubtful is the idea of Y. Oh,
B. Kim, B. Ham, *Background-Aware Pooling and Noise-Aware Loss for Weakly-Supervised Semantic
Segmentation* (BANA), CVPR 2021, which doubts where two pseudo-masks differ.
"""

import tensorflow as tf

from boxsup_tf.labels import VOID


def with_void_band(label_map: tf.Tensor, width: int) -> tf.Tensor:
    """A label map whose pixels near an outline are void.

    Args:
        label_map: int32 [H, W] of class labels and `VOID`.
        width: pixels within this distance (of rows and of columns) of a pixel of another class
            become void; void itself is no class. 0: none does.

    Returns:
        int32 [H, W].
    """
    if not width:
        return label_map
    pixels = tf.cast(label_map, tf.float32)[None, :, :, None]
    void = pixels == VOID

    def largest_near(values: tf.Tensor) -> tf.Tensor:
        return tf.nn.max_pool2d(values, 2 * width + 1, 1, "SAME")[0, :, :, 0]

    highest = largest_near(tf.where(void, -1.0, pixels))
    lowest = -largest_near(tf.where(void, -float(VOID), -pixels))
    return tf.where(highest > lowest, VOID, label_map)
