"""index.npz: what a training must know of every record before it reads the first.

Reading a hundred thousand records takes minutes, their index less than a second.
"""

import contextlib
import dataclasses
import os
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.local_disk import readable
from boxsup_tf.labels import BACKGROUND
from boxsup_tf.pools import packing
from boxsup_tf.records import keys
from boxsup_tf.records.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.records.shards import FRAME_BYTES, read_shard
from boxsup_tf.records.whole_record import integers_of, string_of, whole_record

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

    @property
    def counts(self) -> dict[str, int]:
        """What dataset.json says of all records, by its names."""
        table = self.table
        return {
            "num_images": len(table),
            "num_boxes": int(table["num_boxes"].clip(0).sum()),
            "num_ignored_boxes": int(table["num_ignored"].sum()),
            "num_images_with_boxes": int(np.count_nonzero(table["num_boxes"] >= 0)),
            "num_images_with_masks": int(np.count_nonzero(table["has_mask"])),
            "num_candidates": int(table["num_candidates"].clip(0).sum(dtype=np.int64)),
        }

    def is_of(self, info: DatasetInfo, num_bytes: int) -> bool:
        """Whether it may be the index of a folder, whose shards have so many bytes."""
        kinds = {str: "U", int: "i", bool: "b"}
        expected = [(name, kinds[kind]) for name, kind in Summary.__annotations__.items()]
        columns = dict(self.table.dtype.fields or {})
        if self.table.ndim != 1 or [(n, d[0].kind) for n, d in columns.items()] != expected:
            return False
        numbers = [self.table[name] for name, kind in expected if kind == "i"]
        sizes = self.table["num_bytes"].astype(np.int64) + FRAME_BYTES
        plausible = all((column >= -1).all() for column in numbers) and sizes.sum() == num_bytes
        return plausible and self.counts == {name: getattr(info, name) for name in self.counts}

    def where(self, condition: np.ndarray) -> "Index":
        """The index of some of the records: those for which `condition`, bool [n], holds."""
        return Index(self.table[condition], self.positions[condition])

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, number):
        return Summary._make(self.table[number].item())


def summarize(serialized: bytes) -> Summary:
    """The summary of a record.

    Raises:
        InputError: see `whole_record`.
    """
    with whole_record(serialized) as record:
        labels = integers_of(record, keys.CLASS_LABEL)
        crowds = integers_of(record, keys.IS_CROWD) > 0
        difficult = integers_of(record, keys.DIFFICULT) > 0
        superpixels = string_of(record, keys.CANDIDATES_SUPERPIXELS)
        pool_size = packing.superpixels_size(superpixels) if superpixels else (-1, -1)
        count, own = -1, False
        if superpixels:
            count = int(integers_of(record, keys.CANDIDATES_COUNT)[0])
            own = bool(integers_of(record, keys.CANDIDATES_ONE_PER_BOX)[0])
        return Summary(
            source_id=string_of(record, keys.IMAGE_SOURCE_ID).decode(),
            height=int(integers_of(record, keys.IMAGE_HEIGHT)[0]),
            width=int(integers_of(record, keys.IMAGE_WIDTH)[0]),
            num_boxes=len(labels) if integers_of(record, keys.BOXES_ANNOTATED)[0] else -1,
            num_ignored=int(np.count_nonzero(labels == BACKGROUND)),
            num_crowds=int(np.count_nonzero(crowds)),
            num_difficult=int(np.count_nonzero(difficult & ~crowds)),
            has_mask=bool(string_of(record, keys.MASK_ENCODED)),
            num_candidates=count,
            one_per_box=own,
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
    path = os.path.join(folder, INDEX_FILE)
    with contextlib.suppress(Exception):  # whatever NumPy stumbles over: it is made anew then
        _check_room(path, info)
        with np.load(readable(path)) as file:
            shard_bytes = _shard_bytes(folder, info)
            known = file["digest"] == info.digest
            if known and np.array_equal(file["shard_bytes"], shard_bytes):
                index = Index(file["table"], np.arange(info.num_images))
                if index.is_of(info, int(shard_bytes.sum())):
                    return index
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


def _check_room(path: str, info: DatasetInfo) -> None:
    """Raises a ValueError where the arrays of a file take more than those of an index."""
    room = 2**16 + 2**14 * info.num_images + 8 * info.num_shards
    with zipfile.ZipFile(readable(path)) as archive:
        if sum(member.file_size for member in archive.infolist()) > room:
            raise ValueError("larger than any index")


def _shard_bytes(folder: str, info: DatasetInfo) -> np.ndarray:
    """int64 [num_shards]: the size of every shard; raises FileNotFoundError."""
    return np.array([files.size(path) for path in shard_paths(folder, info.num_shards)])
