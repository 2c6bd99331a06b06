"""Writes a folder of TFRecord shards: resumable, with a progress bar."""

import dataclasses
import glob
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator

import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.data import records
from boxsup_tf.data.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.errors import InputError


def write_dataset(
    folder: str,
    info: DatasetInfo,
    num_examples: int,
    make_records: Callable[[range], Iterable[bytes]],
    description: str,
    digest: str | None = None,
) -> DatasetInfo:
    """Writes the shards that are missing, then dataset.json.

    A shard appears under its name only when it is whole, so an interrupted run goes on with
    the first missing shard. Contents and number of the shards do not depend on the run.

    Args:
        folder: made if need be.
        info: settings, classes and number of shards; the counts are filled in here.
        num_examples: examples in all shards.
        make_records: the serialised examples of a range of example indices, in order.
        description: what the progress bar says.
        digest: of the examples where it is known already (a pool added to known examples).

    Returns:
        `info` with its counts, as written to dataset.json.

    Raises:
        InputError: the folder holds a dataset with other settings; or two examples have the
            same source id.
    """
    os.makedirs(folder, exist_ok=True)
    if os.path.exists(os.path.join(folder, "dataset.json")):
        found = DatasetInfo.load(folder)
        _check_same_settings(folder, found, info)
        if found.complete:
            print(f"{folder}: already complete, {found.num_images} images: nothing to do")
            return found
    info.save(folder)
    bounds = _bounds(num_examples, info.num_shards)
    with tqdm(total=num_examples, desc=description, unit="image") as progress:
        for i, path in enumerate(shard_paths(folder, info.num_shards)):
            indices = range(bounds[i], bounds[i + 1])
            if os.path.exists(path):
                progress.update(len(indices))
                # What was there before this run must not count into its rate.
                progress.initial += len(indices)
                continue
            temporary = f"{path}.{os.getpid()}.tmp"
            with tf.io.TFRecordWriter(temporary) as writer:
                for record in make_records(indices):
                    writer.write(record)
                    progress.update()
            os.replace(temporary, path)
    complete = _count(folder, info, digest)
    complete.save(folder)
    # What runs that were killed left behind.
    for leftover in glob.glob(os.path.join(glob.escape(folder), "*.tmp")):
        os.remove(leftover)
    return complete


def read_records(folder: str, num_shards: int) -> Iterator[bytes]:
    """All serialised examples of a folder, in order.

    Raises:
        InputError: a shard is missing or damaged.
    """
    for path in shard_paths(folder, num_shards):
        yield from _read_shard(path)


def _read_shard(path: str) -> Iterator[bytes]:
    if not os.path.exists(path):
        raise InputError(f"{path}: shard not found: expected every shard of dataset.json")
    try:
        yield from tf.data.TFRecordDataset(path).as_numpy_iterator()
    except tf.errors.DataLossError as error:
        raise InputError(f"{path}: damaged TFRecord: {error.message}") from None


def read_range(folder: str, info: DatasetInfo, indices: range) -> Iterator[bytes]:
    """The serialised examples of some indices, reading only the shards that hold them."""
    bounds = _bounds(info.num_images, info.num_shards)
    for i, path in enumerate(shard_paths(folder, info.num_shards)):
        first, last = max(bounds[i], indices.start), min(bounds[i + 1], indices.stop)
        if first < last:
            yield from itertools.islice(_read_shard(path), first - bounds[i], last - bounds[i])


def _bounds(num_examples: int, num_shards: int) -> list[int]:
    """Shard i holds the examples bounds[i] .. bounds[i + 1] - 1."""
    return [num_examples * i // num_shards for i in range(num_shards + 1)]


def _check_same_settings(folder: str, found: DatasetInfo, wanted: DatasetInfo) -> None:
    was = found.settings | {"class_names": found.class_names, "num_shards": found.num_shards}
    now = wanted.settings | {"class_names": wanted.class_names, "num_shards": wanted.num_shards}
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            raise InputError(
                f"{folder}: holds a dataset with {name} = {was.get(name)!r}: expected "
                f"{now.get(name)!r}; choose another --output_dir or delete it"
            )


def _count(folder: str, info: DatasetInfo, digest: str | None) -> DatasetInfo:
    """Reads the finished shards once and fills in the counts."""
    seen: set[str] = set()
    sha = hashlib.sha256()
    images = boxes = with_boxes = with_masks = candidates = 0
    for serialized in read_records(folder, info.num_shards):
        summary = records.summarize(serialized)
        if summary.source_id in seen:
            raise InputError(f"{folder}: two images have the source id {summary.source_id!r}")
        seen.add(summary.source_id)
        sha.update(hashlib.sha256(serialized).digest())
        images += 1
        boxes += summary.num_boxes or 0
        with_boxes += summary.num_boxes is not None
        with_masks += summary.has_mask
        candidates += summary.num_candidates or 0
    return dataclasses.replace(
        info,
        complete=True,
        num_images=images,
        num_boxes=boxes,
        num_images_with_boxes=with_boxes,
        num_images_with_masks=with_masks,
        num_candidates=candidates,
        digest=digest or sha.hexdigest(),
    )
