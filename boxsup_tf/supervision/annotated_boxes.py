"""The boxes of one image inside a graph, and which of them are learnt from."""

from typing import NamedTuple

import tensorflow as tf

from boxsup_tf.labels import BACKGROUND
from boxsup_tf.records.parsing import Record


class AnnotatedBoxes(NamedTuple):
    """All boxes of one image.

    Attributes:
        boxes: float32 [B, 4], yxyx half-open, pixels.
        labels: int32 [B].
        ignored: bool [B]. An ignored box names pixels, not an object: nothing is learnt from them.
    """

    boxes: tf.Tensor
    labels: tf.Tensor
    ignored: tf.Tensor

    def choosing(self, ignored_boxes: str) -> tf.Tensor:
        """Which of them choose a candidate.

        Args:
            ignored_boxes: `candidate`: ignored boxes of no class, too; else objects alone.

        Returns:
            bool [B].
        """
        if ignored_boxes == "candidate":
            return ~self.ignored | (self.labels == BACKGROUND)
        return ~self.ignored

    def weights(self, weight: float) -> tf.Tensor:
        """A cost's weight for each, float32 [B, 1]: 0 for those of no class, whose E_o decides."""
        return tf.where(self.labels == BACKGROUND, 0.0, weight)[:, None]


def boxes_of(record: Record, ignore_difficult: bool) -> AnnotatedBoxes:
    """The boxes of a record; crowds are ignored, with `ignore_difficult` difficult ones, too."""
    ignored = record.is_crowd | record.difficult if ignore_difficult else record.is_crowd
    return AnnotatedBoxes(record.boxes, record.labels, ignored)
