"""Turns a dataset's own files into TFRecord shards."""

import functools
import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.context.reader import ContextReader
from boxsup_tf.data.reader import ListedReader, Reader
from boxsup_tf.data.sbd.reader import SbdReader
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.data.wrappers.chosen_classes import ChosenClasses
from boxsup_tf.data.wrappers.chosen_images import ChosenImages
from boxsup_tf.data.wrappers.joined import JoinedReader
from boxsup_tf.data.wrappers.smaller_images import SmallerImages
from boxsup_tf.errors import InputError
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.records import encode_example
from boxsup_tf.records.writer import write_dataset
from boxsup_tf.workers.runner import Runner

_READERS: dict[str, Callable[..., ListedReader]] = {
    "voc": VocReader,
    "sbd": SbdReader,
    "coco": CocoReader,
    "context": ContextReader,
    # Generated, so it has neither files nor splits: a seed takes their place.
    "shapes": lambda data_dir, split, **options: ShapesReader(**options),
}
DATASETS = tuple(_READERS)


def make_reader(
    dataset: str,
    data_dir: str | Sequence[str],
    split: str | Sequence[str],
    classes: Sequence[str] | None = None,
    max_side: int = 0,
    only_ids: str = "",
    without_ids: str = "",
    **options: Any,
) -> Reader:
    """The reader of a dataset, or of a part of it.

    Args:
        dataset: one of `DATASETS`.
        data_dir: where its files are, one folder or several; shapes has none.
        split: the name of a list of its images, or several whose images become one data set;
            shapes has none.
        classes: see `ChosenClasses`; None: all classes and all images.
        max_side: see `SmallerImages`; 0: images as they are.
        only_ids, without_ids: see `ChosenImages`; empty: all images.
        **options: the other arguments of its reader.

    Raises:
        InputError: the dataset is unknown, or as its reader or `ChosenClasses` raises.
    """
    if dataset not in _READERS:
        raise InputError(f"dataset {dataset!r}: expected one of {', '.join(DATASETS)}")
    folders, parts = ([each] if isinstance(each, str) else each for each in (data_dir, split))
    places = [(folder, part) for folder in folders for part in parts]
    readers = [_READERS[dataset](folder, part, **options) for folder, part in places]
    names = [f"{folder} ({part})" for folder, part in places]
    whole: ListedReader = readers[0] if len(readers) == 1 else JoinedReader(readers, names)
    reader: Reader = whole
    if only_ids or without_ids:
        reader = ChosenImages(whole, only_ids, without_ids)
    if max_side:
        reader = SmallerImages(reader, max_side)
    return reader if classes is None else ChosenClasses(reader, classes)


def prepare(
    reader: Reader, output_dir: str, num_shards: int, runner: Runner | None = None
) -> DatasetInfo:
    """Writes every example of `reader` into `output_dir`; goes on with an interrupted run.

    Args:
        num_shards: number of TFRecord files; it does not change what they hold together.
        runner: makes several shards at a time, see `write_dataset`; the reader must be picklable
            then. None: they are made here.

    Returns:
        What was written, as in dataset.json.

    Raises:
        InputError: there is no example; an example is bad; or `output_dir` holds another
            dataset.
    """
    if len(reader) == 0:
        raise InputError(f"{output_dir}: empty dataset: expected at least one image")
    if num_shards < 1:
        raise InputError(f"{output_dir}: {num_shards} shards: expected at least one")

    if runner is None:
        make_records = functools.partial(_encode, reader)
    else:
        make_records = functools.partial(_encode_elsewhere, pickle.dumps(reader))
    info = DatasetInfo(reader.settings, reader.class_names, num_shards)
    return write_dataset(output_dir, info, len(reader), make_records, "prepare", runner=runner)


def _encode(reader: Reader, indices: range) -> Iterator[bytes]:
    return (encode_example(reader[i], reader.class_names) for i in indices)


def _encode_elsewhere(pickled: bytes, indices: range) -> Iterator[bytes]:
    return _encode(_unpickle(pickled), indices)


@functools.lru_cache(maxsize=1)  # COCO's reader takes a minute to make
def _unpickle(pickled: bytes) -> Reader:
    return pickle.loads(pickled)
