"""Where records lie in their shards, so that a few can be read without the others."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.index import Index
from boxsup_tf.records.shards import FRAME_BYTES, index_ranges


class Places(NamedTuple):
    """Where each of n records is.

    Attributes:
        shards: int64 [n], which of the folder's shards.
        offsets: int64 [n], where in it the record begins, bytes.
        sizes: int64 [n], of the records as they are stored, bytes.
    """

    shards: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray


def places_of(index: Index, info: DatasetInfo) -> Places:
    """The places of all records of a folder.

    Args:
        index: of `load_index`, whole.
        info: the folder's dataset.json.
    """
    sizes = index.table["num_bytes"].astype(np.int64) + FRAME_BYTES
    shards, offsets = np.zeros_like(sizes), np.zeros_like(sizes)
    for number, own in enumerate(index_ranges(info.shard_sizes)):
        shards[own] = number
        offsets[own] = np.cumsum(sizes[own]) - sizes[own]
    return Places(shards, offsets, sizes)


def record_at(path: tf.Tensor, offset: tf.Tensor, size: tf.Tensor) -> tf.data.Dataset:
    """The one record at a place, inside a graph; its checksums are verified.

    Args:
        path: of its shard, scalar string.
        offset, size: see `Places`, scalar int64.

    Returns:
        A dataset of one serialised example, scalar string; FailedPreconditionError where the shard
        ends before it.
    """
    variant = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path], compression_type="", buffer_size=size, byte_offsets=[offset]
    )
    found = tf.data.experimental.from_variant(variant, tf.TensorSpec([], tf.string)).take(1)
    # Behind the end of a shard that was cut meanwhile there is no error, but nothing.
    return found.apply(tf.data.experimental.assert_cardinality(1))
