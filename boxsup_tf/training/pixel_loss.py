"""The loss of a batch's pixels, of which void ones count as 0."""

import dataclasses

import numpy as np
import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.models.grid import upsample

LOSSES = ("cross_entropy", "focal")


@dataclasses.dataclass(frozen=True)
class PixelLoss:
    """Sum over images of the mean loss of their pixels.

    Attributes:
        at: `grid`: each score against the label of its own pixel, as DeepLab does. `pixels`:
            scores are interpolated, and every pixel counts.
        stride: of the network's scores.
        kind: one of `LOSSES`; `focal` is that of T.-Y. Lin et al., ICCV 2017 (arXiv 1708.02002),
            with gamma 2.
        class_weights: factor of the loss of a class's pixels, float32 [C]; None: all are 1.
    """

    at: str
    stride: int
    kind: str = "cross_entropy"
    class_weights: np.ndarray | None = None

    def __call__(self, logits: tf.Tensor, label_maps: tf.Tensor) -> tf.Tensor:
        """The loss, float32 scalar.

        Args:
            logits: float32 [b, h, w, C].
            label_maps: int32 [b, stride (h - 1) + 1, stride (w - 1) + 1].
        """
        if self.at == "grid":
            label_maps = label_maps[:, :: self.stride, :: self.stride]
        else:
            logits = upsample(logits, tf.shape(label_maps)[1], tf.shape(label_maps)[2])
        known = label_maps != VOID
        labels = tf.where(known, label_maps, 0)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        if self.kind == "focal":
            # Keras' own clips P, so that what is most wrong would have no gradient.
            losses *= tf.math.expm1(-losses) ** 2  # 1 - P
        if self.class_weights is not None:
            losses *= tf.gather(tf.constant(self.class_weights, tf.float32), labels)
        losses = tf.where(known, losses, 0.0)
        return tf.reduce_sum(tf.reduce_mean(losses, axis=[1, 2]))
