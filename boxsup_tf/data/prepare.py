"""Turns a dataset's own files into TFRecord shards."""

import functools
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from boxsup_tf.data.box_files.reader import FORMATS, BoxesReader
from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.context.reader import ContextReader
from boxsup_tf.data.reader import Reader, UnknownClassError
from boxsup_tf.data.sbd.reader import SbdReader
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.data.wrappers.chosen_classes import ChosenClasses, chosen_names
from boxsup_tf.data.wrappers.chosen_images import ChosenImages
from boxsup_tf.data.wrappers.joined import JoinedReader
from boxsup_tf.data.wrappers.smaller_images import SmallerImages
from boxsup_tf.errors import InputError
from boxsup_tf.io.names import check_image_name
from boxsup_tf.records.dataset_info import DatasetInfo, SkippedImage
from boxsup_tf.records.records import encode_example
from boxsup_tf.records.shard_maker import Records
from boxsup_tf.records.writer import write_dataset
from boxsup_tf.workers.runner import Runner

DEFAULT_SPLIT = "train"  # of the command, for every data set


def _shapes(data_dir: str, split: str, **options: Any) -> Reader:
    """Generated images have neither files nor parts: training and validation would be the same."""
    if data_dir:
        raise InputError(f"--data_dir={data_dir} has no effect with --dataset=shapes")
    if split not in ("", DEFAULT_SPLIT):
        raise InputError(
            f"--split={split} has no effect with --dataset=shapes: expected another --seed for "
            "other images"
        )
    return ShapesReader(**options)


_READERS: dict[str, Callable[..., Reader]] = {
    "voc": VocReader,
    "sbd": SbdReader,
    "coco": CocoReader,
    "context": ContextReader,
    **{name: functools.partial(BoxesReader, name) for name in FORMATS},
    "shapes": _shapes,
}
DATASETS = tuple(_READERS)
_WITH_ANY_CLASSES = ("voc", "coco", *FORMATS)  # all others have the published ones alone
_SHOWN = 20  # of the images that were left out


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
    if classes is not None and dataset in _WITH_ANY_CLASSES:
        options["chosen"] = chosen_names(classes)
    folders, parts = ([each] if isinstance(each, str) else each for each in (data_dir, split))
    places = [(folder, part) for folder in folders for part in parts]
    readers = [_READERS[dataset](folder, part, **options) for folder, part in places]
    names = [f"{folder} ({part})" for folder, part in places]
    reader: Reader = readers[0] if len(readers) == 1 else JoinedReader(readers, names)
    if only_ids or without_ids:
        reader = ChosenImages(reader, only_ids, without_ids)
    if max_side:
        reader = SmallerImages(reader, max_side)
    return reader if classes is None else ChosenClasses(reader, classes)


def prepare(
    reader: Reader,
    output_dir: str,
    num_shards: int,
    runner: Runner | None = None,
    strict: bool = False,
) -> DatasetInfo:
    """Writes every example of `reader` into `output_dir`; goes on with an interrupted run.

    An image that cannot be read, or whose annotation cannot, is left out and named in
    dataset.json, where it also says what was mended in annotations.

    Args:
        num_shards: number of TFRecord files; it does not change what they hold together.
        runner: makes several shards at a time, see `write_dataset`; the reader must be picklable
            then. None: they are made here.
        strict: stop at the first image that would be left out, or of which something was mended.

    Returns:
        What was written, as in dataset.json.

    Raises:
        InputError: there is no example, or none that can be read; an annotation names an unknown
            class; `strict` and an example is bad, or one was left out or mended earlier; or
            `output_dir` holds another dataset.
    """
    if len(reader) == 0:
        raise InputError(f"{output_dir}: empty dataset: expected at least one image")
    if num_shards < 1:
        raise InputError(f"{output_dir}: {num_shards} shards: expected at least one")
    make_records: Callable[[range], Records]
    if runner is None:
        make_records = functools.partial(_encode, reader, strict)
    else:
        make_records = functools.partial(_encode_elsewhere, pickle.dumps(reader), strict)
    info = DatasetInfo(reader.settings, reader.class_names, num_shards)
    info = write_dataset(output_dir, info, len(reader), make_records, "prepare", runner=runner)
    if strict and (info.skipped or info.repairs):
        raise InputError(
            f"{output_dir}: an earlier run left out {len(info.skipped)} images and mended "
            f"{sum(kind['count'] for kind in info.repairs.values())} faults, which dataset.json "
            "lists: expected none with --strict"
        )
    return info


def report(info: DatasetInfo) -> None:
    """Says on stderr what was left out and mended."""
    for kind, found in info.repairs.items():
        print(f"warning: {kind}: {found['count']} times, first {found['first']}", file=sys.stderr)
    if info.skipped:
        print(f"warning: {len(info.skipped)} images left out:", file=sys.stderr)
        for image in info.skipped[:_SHOWN]:
            print(f"  {image.source_id}: {image.reason}", file=sys.stderr)
        if (more := len(info.skipped) - _SHOWN) > 0:
            print(f"  and {more} more, see dataset.json", file=sys.stderr)


def _encode(reader: Reader, strict: bool, indices: range) -> Iterator[bytes | SkippedImage]:
    for index in indices:
        try:
            check_image_name(reader.source_ids[index], "its id")
            example = reader[index]
        except UnknownClassError:
            raise
        except InputError as error:
            if strict:
                raise
            yield SkippedImage(index, reader.source_ids[index], str(error))
            continue
        if strict and example.repairs:
            raise InputError(f"{example.source_id}: {example.repairs[0]} (see --strict)")
        yield encode_example(example, reader.class_names)


def _encode_elsewhere(
    pickled: bytes, strict: bool, indices: range
) -> Iterator[bytes | SkippedImage]:
    return _encode(_unpickle(pickled), strict, indices)


@functools.lru_cache(maxsize=1)  # COCO's reader takes a minute to make
def _unpickle(pickled: bytes) -> Reader:
    return pickle.loads(pickled)
