"""Reads the TFRecord shards of a folder."""

import itertools
from collections.abc import Iterable, Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.records.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.records.untuned import untuned


def read_records(folder: str, num_shards: int) -> Iterator[bytes]:
    """All serialised examples of a folder, in order.

    Raises:
        InputError: a shard is missing or damaged.
    """
    for path in shard_paths(folder, num_shards):
        yield from read_shard(path)


def read_shard(path: str) -> Iterator[bytes]:
    """The serialised examples of one shard, in order; errors of `read_records`."""
    if not files.exists(path):
        raise InputError(f"{path}: shard not found: expected every shard of dataset.json")
    try:
        yield from untuned(tf.data.TFRecordDataset(path)).as_numpy_iterator()
    except tf.errors.DataLossError as error:
        raise InputError(f"{path}: damaged TFRecord: {error.message}") from None


def read_range(folder: str, info: DatasetInfo, indices: range) -> Iterator[bytes]:
    """The serialised examples of some indices, reading only the shards that hold them."""
    bounds = index_ranges(info.shard_sizes)
    for path, own in zip(shard_paths(folder, info.num_shards), bounds, strict=True):
        first, last = max(own.start, indices.start), min(own.stop, indices.stop)
        if first < last:
            yield from itertools.islice(read_shard(path), first - own.start, last - own.start)


def index_ranges(sizes: Iterable[int]) -> list[range]:
    """The indices of the examples in each shard, given the number of examples in each."""
    ends = itertools.accumulate(sizes, initial=0)
    return [range(first, last) for first, last in itertools.pairwise(ends)]
