"""Label maps and probabilities at full resolution, averaged over views, in one graph.

BoxSup, Sec. 4: the "BoxSup+" results average the scores of several scales of the image (0.8, 1.0
and 1.2). Averaged are the probabilities, so that the average is one, too; with logits the mean IoU
was the same (docs/architecture.md).
"""

import math
from collections.abc import Sequence

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.inference.interface import PROBABILITIES, SEMANTIC_PREDICTIONS
from boxsup_tf.models.as_written import as_written
from boxsup_tf.models.segmenter import Segmenter

# One signature over all sizes: without it every new image size is traced anew.
_IMAGES = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")


class Predictor(tf.Module):
    """A network that takes photographs of any size.

    Keep the object as long as its methods: TensorFlow's functions hold it weakly.

    Args:
        segmenter: the network.
        scales: the image is resized by each of them, and the probabilities are averaged.
        flip: average over the mirror image at every scale, too; twice the time.

    Raises:
        InputError: no scale, or one that is not a positive number.
    """

    def __init__(
        self, segmenter: Segmenter, scales: Sequence[float] = (1.0,), flip: bool = False
    ) -> None:
        super().__init__()
        if not scales or not all(0 < scale < math.inf for scale in scales):
            raise InputError(
                f"--scales={','.join(map(str, scales))}: expected positive numbers, at least one"
            )
        self.segmenter = segmenter
        self._scales, self._flip = tuple(scales), flip

    @tf.function(input_signature=[_IMAGES])
    @as_written
    def probabilities(self, images: tf.Tensor) -> tf.Tensor:
        """Class probabilities of every pixel.

        Args:
            images: uint8 [B, H, W, 3], RGB.

        Returns:
            float32 [B, H, W, C].
        """
        views = [tf.nn.softmax(self.segmenter.logits(images, scale)) for scale in self._scales]
        if self._flip:
            mirrored = tf.reverse(images, [2])
            views += [
                tf.reverse(tf.nn.softmax(self.segmenter.logits(mirrored, scale)), [2])
                for scale in self._scales
            ]
        return tf.add_n(views) / len(views)

    @tf.function(input_signature=[_IMAGES])
    @as_written
    def predict(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Label maps and the probabilities behind them.

        Args:
            images: uint8 [B, H, W, 3], RGB.

        Returns:
            `SEMANTIC_PREDICTIONS`: int32 [B, H, W], which every serving client knows
            how to read (uint8 would save little beside the probabilities), and
            `PROBABILITIES`: float32 [B, H, W, C].
        """
        return outputs_of(self.probabilities(images))


def outputs_of(probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
    """What `Predictor.predict` returns, of probabilities float32 [B, H, W, C]."""
    return {
        SEMANTIC_PREDICTIONS: tf.argmax(probabilities, -1, output_type=tf.int32),
        PROBABILITIES: probabilities,
    }
