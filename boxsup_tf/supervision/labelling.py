"""The labelling: which candidate each box has activated. All that a mask update changes."""

import numpy as np
import tensorflow as tf

from boxsup_tf.supervision.selection import RECTANGLE


class Labelling(tf.Module):
    """One int32 per box of the training set, readable inside tf.data pipelines.

    Boxes are numbered by sorted example id, so that shards and reading order do not matter.
    The variable is a resource: a tf.data map that reads it sees its present value in every
    new epoch, as long as no `cache` or `repeat` follows it.

    Args:
        num_boxes_by_id: number of boxes of every example, by an id unique in the training set.
    """

    def __init__(self, num_boxes_by_id: dict[str, int]) -> None:
        super().__init__()
        ids = sorted(num_boxes_by_id)
        counts = np.array([num_boxes_by_id[i] for i in ids], np.int32)
        offsets = (np.cumsum(counts) - counts).astype(np.int32)
        self.num_boxes = int(counts.sum())
        self.chosen = tf.Variable(
            tf.fill([self.num_boxes], RECTANGLE), trainable=False, name="labelling"
        )
        # A table must not be empty; no example's id is.
        keys, values = tf.constant(["", *ids]), tf.constant([-1, *offsets], tf.int32)
        self._offsets = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(keys, values), default_value=-1
        )

    def slots(self, example_id: tf.Tensor, num_boxes: tf.Tensor) -> tf.Tensor:
        """The places of an example's boxes in `chosen`: int32 [num_boxes].

        Args:
            example_id: scalar string.
            num_boxes: scalar int32.
        """
        first = self._offsets.lookup(example_id)
        with tf.control_dependencies([tf.debugging.assert_non_negative(first)]):
            return first + tf.range(num_boxes)

    def of(self, example_id: tf.Tensor, num_boxes: tf.Tensor) -> tf.Tensor:
        """The candidates that an example's boxes have activated now: int32 [num_boxes]."""
        return tf.gather(self.chosen, self.slots(example_id, num_boxes))


def box_ids(example_id: tf.Tensor, num_boxes: tf.Tensor) -> tf.Tensor:
    """Ids of an example's boxes, string [num_boxes]: what their draws depend on."""
    numbers = tf.strings.as_string(tf.range(num_boxes))
    return tf.strings.join([example_id, numbers], "#")
