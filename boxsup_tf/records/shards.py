"""Reads the TFRecord shards of a folder."""

import itertools
import struct
from collections.abc import Iterable, Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.records.dataset_info import DatasetInfo, load_complete, shard_paths
from boxsup_tf.records.untuned import untuned

FRAME_BYTES = 16  # around each record of a TFRecord file: its length and two checksums
_LENGTH = struct.Struct("<Q")


def read_records(folder: str) -> Iterator[bytes]:
    """All serialised examples of a finished folder, in order.

    Raises:
        InputError: a shard is missing or damaged, or does not hold as many as dataset.json says.
    """
    info = load_complete(folder)
    for path, size in zip(shard_paths(folder, info.num_shards), info.shard_sizes, strict=True):
        yield from read_shard(path, size)


def read_shard(path: str, size: int | None = None) -> Iterator[bytes]:
    """The serialised examples of one shard, in order; errors of `read_records`.

    Args:
        path: of the shard.
        size: how many it holds, where that is known: a shard cut between two records is whole to
            TensorFlow.
    """
    if not files.exists(path):
        raise InputError(f"{path}: shard not found: expected every shard of dataset.json")
    _check_lengths(path)
    found = 0
    try:
        for serialized in untuned(tf.data.TFRecordDataset(path)).as_numpy_iterator():
            found += 1
            if found - 1 == size:
                break
            yield serialized
    except tf.errors.DataLossError as error:
        raise InputError(f"{path}: damaged TFRecord: {error.message}") from None
    if size is not None and found != size:
        raise InputError(
            f"{path}: holds {found if found < size else 'more'} records: expected {size}, "
            "as dataset.json says; copy the shard again, or make the data set again in a new folder"
        )


def _check_lengths(path: str) -> None:
    """Makes sure that no record says that it is longer than its file.

    TensorFlow takes the memory before it looks. Elsewhere than on the local disk the look itself
    would take too long: there nothing is checked.

    Raises:
        InputError: one does.
    """
    if files.is_remote(path):
        return
    with files.opened(path) as file:
        place, end = 0, files.size(path)
        while place < end:
            file.seek(place)
            (length,) = _LENGTH.unpack(file.read(_LENGTH.size).ljust(_LENGTH.size, b"\0"))
            place += FRAME_BYTES + length
        if place > end:
            raise InputError(
                f"{path}: damaged TFRecord: a record of {length} bytes: expected at most {end}, "
                "all of the file"
            )


def read_range(folder: str, info: DatasetInfo, indices: range) -> Iterator[bytes]:
    """The serialised examples of some indices, reading only the shards that hold them."""
    bounds = index_ranges(info.shard_sizes)
    for path, own in zip(shard_paths(folder, info.num_shards), bounds, strict=True):
        first, last = max(own.start, indices.start), min(own.stop, indices.stop)
        if first < last:
            yield from itertools.islice(
                read_shard(path, len(own)),
                first - own.start,
                None if last == own.stop else last - own.start,
            )


def index_ranges(sizes: Iterable[int]) -> list[range]:
    """The indices of the examples in each shard, given the number of examples in each."""
    ends = itertools.accumulate(sizes, initial=0)
    return [range(first, last) for first, last in itertools.pairwise(ends)]
