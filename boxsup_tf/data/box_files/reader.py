"""Boxes of labelling tools: YOLO, labelme, Label Studio, CVAT, Open Images, CSV."""

import importlib
import os
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from boxsup_tf.data.box_files import formats
from boxsup_tf.data.box_files.box_set import ImageBoxes
from boxsup_tf.data.file_index import find_file
from boxsup_tf.data.mending import OBJECT_LEFT_OUT, note, usable_box
from boxsup_tf.data.other_classes import fold_others, label_of
from boxsup_tf.data.reader import UnknownClassError, list_settings, with_background
from boxsup_tf.data.source_image import AS_THEY_ARE, IMAGE_ENDINGS, ImageOptions, read_source_image
from boxsup_tf.data.split import split_ids
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.labels import BACKGROUND_NAME
from boxsup_tf.plugins import file_names
from boxsup_tf.records.example import Example

FORMATS = file_names(formats.__path__)


class BoxesReader:
    """Images with boxes, a `reader.Reader`.

    Args:
        file_format: one of `FORMATS`.
        data_dir: the folder that the tool wrote, images included.
        split: a part that the tool knows; where it knows none, one of `split.PARTS`.
        class_names: in the order of their labels; 0 is the background. None: the tool's own or,
            where it has no list of them, those that occur, sorted.
        val_share: see `split.split_ids`.
        images: how image files are read.
        chosen: see `other_classes.fold_others`; empty: all classes are of interest.

    Raises:
        InputError: a file is missing or malformed, there are no images, or no classes.
        UnknownClassError: `class_names` lacks one that occurs.
    """

    def __init__(
        self,
        file_format: str,
        data_dir: str,
        split: str,
        class_names: Sequence[str] | None = None,
        val_share: float = 0.2,
        images: ImageOptions = AS_THEY_ARE,
        chosen: Collection[str] = (),
    ) -> None:
        module = importlib.import_module(f"{formats.__name__}.{file_format}")
        found = module.read(data_dir, split)
        if not found.images:
            raise InputError(f"{data_dir}: no images in the format {file_format}: expected some")
        self._options = images
        by_id: dict[str, ImageBoxes] = {}
        for image in found.images:
            source_id = _id_of(image)
            if source_id in by_id and source_id != (stem := _stem_of(image)):
                source_id = stem  # leads out of the folder: left out and named, it alone
            if source_id in by_id:
                raise InputError(f"{data_dir}: image {source_id!r} occurs twice: expected once")
            by_id[source_id] = image
        is_split = found.is_split
        ids = sorted(by_id) if is_split else split_ids(by_id, split, val_share, data_dir)
        self.source_ids = ids
        self._images = [by_id[source_id] for source_id in ids]
        occurring = {box.name for image in found.images for box in image.boxes}
        if class_names is None:
            own = found.class_names or sorted(occurring - {"", BACKGROUND_NAME})
            where = f"{data_dir}: {file_format}"
            class_names = with_background(fold_others(own, chosen, where), where)
        self.class_names = tuple(class_names)
        labels = {name: label_of(name, self.class_names) for name in occurring - {""}}
        self._label_of = {name: label for name, label in labels.items() if label is not None}
        if unknown := labels.keys() - self._label_of:
            raise UnknownClassError(
                f"{data_dir}: unknown class {min(unknown)!r}: expected "
                f"{', '.join(self.class_names[1:])} (--class_names)"
            )
        self.settings = {"dataset": file_format, "split": split} | images.settings
        self.settings |= list_settings(self.source_ids)

    def __len__(self) -> int:
        return len(self.source_ids)

    def __getitem__(self, index: int) -> Example:
        annotated, source_id = self._images[index], self.source_ids[index]
        path = find_image(annotated)
        image = read_source_image(path, source_id, self._options)
        image.notes.extend(annotated.notes)
        frame = image.frame(annotated.size, f"{path}: its annotation")
        kept = []
        for named in annotated.boxes:
            if not named.name or named.name == BACKGROUND_NAME:
                image.notes.append(note(OBJECT_LEFT_OUT, named.where))
                continue
            scale = (frame.height, frame.width) * 2 if named.is_relative else (1,) * 4
            ymin, xmin, ymax, xmax = (e * s for e, s in zip(named.box, scale, strict=True))
            size = (frame.height, frame.width)
            box = usable_box((ymin, xmin, ymax, xmax), *size, named.where, image.notes)
            if box:
                kept.append((frame.turn_box(box), named))
        return Example(
            **image.example(source_id),
            boxes=np.array([box for box, _ in kept], np.float32).reshape(-1, 4),
            labels=np.array([self._label_of[named.name] for _, named in kept], np.int64),
            difficult=np.array([named.difficult for _, named in kept], bool),
            truncated=np.array([named.truncated for _, named in kept], bool),
            is_crowd=np.array([named.is_crowd for _, named in kept], bool),
        )

    def labels_in(self, index: int) -> Iterator[int]:
        names = (named.name for named in self._images[index].boxes)
        return (self._label_of[name] for name in names if name)


def find_image(annotated: ImageBoxes) -> str:
    """The path of an image, by its name as it is, in a folder images/, or without its folders."""
    name = annotated.name.replace("\\", "/")
    stem, ending = os.path.splitext(name)
    if ending.lower() not in IMAGE_ENDINGS:
        stem, ending = name, ""
    endings = (ending, *IMAGE_ENDINGS) if ending else IMAGE_ENDINGS
    for folder in (annotated.folder, os.path.join(annotated.folder, "images")):
        for tried in dict.fromkeys((stem, os.path.basename(stem))):
            if path := find_file(folder, tried, endings):
                return path
    return os.path.join(annotated.folder, name)


def _id_of(image: ImageBoxes) -> str:
    """The name without its ending, below the image's folder.

    Tools write absolute paths, too, perhaps of another machine: of one that leads out of the folder
    the base name is left.
    """
    stem = _stem_of(image)
    try:
        path_below(image.folder, stem)
    except InputError:
        return os.path.basename(stem)
    return stem


def _stem_of(image: ImageBoxes) -> str:
    name = image.name.replace("\\", "/")
    stem, ending = os.path.splitext(name)
    stem = stem if ending.lower() in IMAGE_ENDINGS else name
    return stem.removeprefix(os.path.join(files.absolute(image.folder), ""))
