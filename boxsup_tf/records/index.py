"""index.npz: what a training must know of every record before it reads the first.

Reading a hundred thousand records takes minutes, their index less than a second.
"""

import contextlib
import dataclasses
import os
import zipfile
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.local_disk import readable
from boxsup_tf.labels import BACKGROUND
from boxsup_tf.pools import packing
from boxsup_tf.records import keys
from boxsup_tf.records.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.records.records import integers_of, string_of
from boxsup_tf.records.shards import read_shard

INDEX_FILE = "index.npz"


class Summary(NamedTuple):
    """One record's row of the index.

    Attributes:
        source_id: the example's.
        height, width: of the image, pixels.
        num_boxes: number of boxes; -1 where boxes were not annotated.
        num_ignored: boxes of no class.
        num_crowds: crowd boxes; these include the ignored ones.
        num_difficult: boxes marked difficult that are not crowds.
        has_mask: whether there is a class mask.
        num_candidates: size of its pool; -1 where it has none.
        one_per_box: whether the pool's candidate n belongs to box n alone.
        pool_height, pool_width: of the superpixel map; -1 where there is no pool.
        num_bytes: of the record.
    """

    source_id: str
    height: int
    width: int
    num_boxes: int
    num_ignored: int
    num_crowds: int
    num_difficult: int
    has_mask: bool
    num_candidates: int
    one_per_box: bool
    pool_height: int
    pool_width: int
    num_bytes: int

    def num_objects(self, with_difficult: bool) -> int:
        """How many of the boxes are of objects to be learnt; those marked difficult may count."""
        return self.num_boxes - self.num_crowds - (0 if with_difficult else self.num_difficult)


@dataclasses.dataclass(frozen=True)
class Index(Sequence):
    """The summaries of records as a table; also a sequence of `Summary`.

    Attributes:
        table: structured [n]: a column for each field of `Summary`.
        positions: int64 [n], the records' places in their folder.
    """

    table: np.ndarray
    positions: np.ndarray

    @classmethod
    def of(cls, summaries: Sequence[Summary]) -> "Index":
        """The index of all records of a folder, in order."""
        longest = max((len(summary.source_id) for summary in summaries), default=1)
        types = {str: f"U{longest}", int: "i4", bool: "?"}
        columns = [(name, types[kind]) for name, kind in Summary.__annotations__.items()]
        return cls(np.array(summaries, columns), np.arange(len(summaries)))

    def where(self, condition: np.ndarray) -> "Index":
        """The index of some of the records: those for which `condition`, bool [n], holds."""
        return Index(self.table[condition], self.positions[condition])

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, number):
        return Summary._make(self.table[number].item())


def summarize(serialized: bytes) -> Summary:
    """The summary of a record."""
    record = tf.train.Example.FromString(serialized)
    labels, is_crowd = integers_of(record, keys.CLASS_LABEL), integers_of(record, keys.IS_CROWD) > 0
    superpixels = string_of(record, keys.CANDIDATES_SUPERPIXELS)
    pool_size = packing.superpixels_size(superpixels) if superpixels else (-1, -1)
    return Summary(
        source_id=string_of(record, keys.IMAGE_SOURCE_ID).decode(),
        height=int(integers_of(record, keys.IMAGE_HEIGHT)[0]),
        width=int(integers_of(record, keys.IMAGE_WIDTH)[0]),
        num_boxes=len(labels) if integers_of(record, keys.BOXES_ANNOTATED)[0] else -1,
        num_ignored=int(np.count_nonzero(labels == BACKGROUND)),
        num_crowds=int(np.count_nonzero(is_crowd)),
        num_difficult=int(np.count_nonzero((integers_of(record, keys.DIFFICULT) > 0) & ~is_crowd)),
        has_mask=bool(string_of(record, keys.MASK_ENCODED)),
        num_candidates=int(integers_of(record, keys.CANDIDATES_COUNT)[0]) if superpixels else -1,
        one_per_box=bool(superpixels) and bool(integers_of(record, keys.CANDIDATES_ONE_PER_BOX)[0]),
        pool_height=pool_size[0],
        pool_width=pool_size[1],
        num_bytes=len(serialized),
    )


def load_index(folder: str, info: DatasetInfo) -> Index:
    """The index of a finished folder; it is made, from the records, where it is missing or stale.

    Args:
        folder: of TFRecords. Where it cannot be written to, the index is made each time.
        info: its dataset.json.

    Raises:
        InputError: a shard is missing, damaged, or does not hold as many records as dataset.json
            says.
    """
    unreadable = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
    path = os.path.join(folder, INDEX_FILE)
    with contextlib.suppress(*unreadable), np.load(readable(path)) as file:
        fits = (
            file["digest"] == info.digest
            and np.array_equal(file["shard_bytes"], _shard_bytes(folder, info))
            and file["table"].dtype.names == Summary._fields
        )
        if fits:
            table = file["table"]
            return Index(table, np.arange(len(table)))
    index = _make_index(folder, info)
    with contextlib.suppress(OSError):
        save_index(folder, info, index)
    return index


def save_index(folder: str, info: DatasetInfo, index: Index) -> None:
    """Writes the index, and what tells later whether it is still that of the folder's shards."""
    with atomic_write(os.path.join(folder, INDEX_FILE), "wb") as file:
        sizes = _shard_bytes(folder, info)
        np.savez_compressed(file, table=index.table, digest=info.digest, shard_bytes=sizes)


def _make_index(folder: str, info: DatasetInfo) -> Index:
    summaries: list[Summary] = []
    with tqdm(total=info.num_images, desc=f"index of {folder}", unit=" images") as progress:
        paths = shard_paths(folder, info.num_shards)
        for path, expected in zip(paths, info.shard_sizes, strict=True):
            for serialized in read_shard(path, expected):
                summaries.append(summarize(serialized))
                progress.update()
    return Index.of(summaries)


def _shard_bytes(folder: str, info: DatasetInfo) -> np.ndarray:
    """int64 [num_shards]: the size of every shard; raises FileNotFoundError."""
    return np.array([files.size(path) for path in shard_paths(folder, info.num_shards)])
