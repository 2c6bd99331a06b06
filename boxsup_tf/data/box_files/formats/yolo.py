"""yolo: a text file per image, with lines `CLASS CENTRE_X CENTRE_Y WIDTH HEIGHT` in shares of it.

The folder holds data.yaml, which names the classes and the parts' folders of images, whose text
files are where `images` in the path is `labels`, or beside the images; or classes.txt or obj.names,
with the folders images/ and labels/, perhaps with a folder for each part in both, or with images
and text files side by side. Lines of more numbers are outlines, of which the tight box is taken. An
image without a text file has no objects.
"""

import os
from typing import Any

from boxsup_tf.data.box_files.box_set import BoxSet, ImageBoxes, NamedBox, tight_box
from boxsup_tf.data.file_index import find_file
from boxsup_tf.data.mending import OBJECT_LEFT_OUT, ROTATED, Notes, note
from boxsup_tf.data.source_image import IMAGE_ENDINGS
from boxsup_tf.errors import InputError, require
from boxsup_tf.io import files
from boxsup_tf.records.example import read_bytes

_NAME_FILES = ("classes.txt", "obj.names", "labels/classes.txt", "predefined_classes.txt")
_ALSO_CALLED = {"val": ("val", "valid", "validation"), "train": ("train", "training")}
_NUM_CORNERS = 8


def read(data_dir: str, split: str) -> BoxSet:
    """The images of a part where there are parts, else all.

    Raises:
        InputError: there are no names of classes or no images, or data.yaml is malformed.
    """
    described = _yaml(data_dir)
    class_names = _class_names(described, data_dir)
    folders = [os.path.join(data_dir, *place) for place in _places(described, split)]
    folder = next(filter(_has_images, folders), None)
    is_split = folder is not None
    if folder is None:
        folder = next(filter(_has_images, (os.path.join(data_dir, "images"), data_dir)), None)
    if folder is None:
        raise InputError(f"{folders[0]}: no images: expected those of --split={split}")
    images = []
    for name in sorted(files.names_in(folder)):
        if name.lower().endswith(IMAGE_ENDINGS):
            image = ImageBoxes(name, folder)
            image.boxes.extend(_boxes(folder, os.path.splitext(name)[0], class_names, image.notes))
            images.append(image)
    return BoxSet(images, class_names, is_split)


def _yaml(data_dir: str) -> dict[str, Any]:
    paths = [os.path.join(data_dir, name) for name in ("data.yaml", "dataset.yaml", "data.yml")]
    path = next(filter(files.is_file, paths), None)
    if path is None:
        return {}
    require("yaml", "pip install 'boxsup_tf[yolo]'", path)
    import yaml

    try:
        described = yaml.safe_load(read_bytes(path, "a description of the data"))
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not YAML: {reason}") from None
    if not isinstance(described, dict):
        raise InputError(f"{path}: expected `names` and the folders of images")
    return described


def _class_names(described: dict[str, Any], data_dir: str) -> list[str]:
    names = described.get("names")
    if isinstance(names, dict):
        names = [names[key] for key in sorted(names, key=int)]
    if isinstance(names, list) and names:
        return [str(name).strip() for name in names]
    for name in _NAME_FILES:
        path = os.path.join(data_dir, *name.split("/"))
        if files.is_file(path):
            lines = read_bytes(path, "names of classes").decode(errors="replace").splitlines()
            return [line.strip() for line in lines if line.strip()]
    raise InputError(
        f"{data_dir}: no names of classes: expected data.yaml with `names`, or one of "
        f"{', '.join(_NAME_FILES)} with a name a line"
    )


def _places(described: dict[str, Any], split: str) -> list[tuple[str, ...]]:
    """Where the images of a part may be, below the folder of the data."""
    places: list[tuple[str, ...]] = []
    for part in _ALSO_CALLED.get(split, (split,)):
        if isinstance(named := described.get(part), str):
            inner = str(described.get("path", ""))
            # Exports of Roboflow begin with ../ and mean the file's own folder.
            places += [(named,), (inner, named), (named.removeprefix("../"),)]
        places += [("images", part), (part, "images"), (part,)]
    return places


def _has_images(folder: str) -> bool:
    names = files.names_in(folder) if files.is_folder(folder) else []
    return any(name.lower().endswith(IMAGE_ENDINGS) for name in names)


def _boxes(folder: str, stem: str, names: list[str], notes: Notes) -> list[NamedBox]:
    head, found, tail = folder.rpartition("images")
    folders = [f"{head}labels{tail}"] if found else []
    paths = (find_file(labels, stem, (".txt",)) for labels in [*folders, folder])
    path = next(filter(None, paths), None)
    if path is None:
        return []
    boxes = []
    lines = read_bytes(path, "boxes").decode(errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        where = f"{os.path.basename(path)}, line {number}"
        if line.strip():
            try:
                boxes.append(_box(line.split(), where, names, notes))
            except (ValueError, IndexError, OverflowError):
                notes.append(note(OBJECT_LEFT_OUT, f"{where}: {line.strip()[:60]!r}"))
    return boxes


def _box(words: list[str], where: str, names: list[str], notes: Notes) -> NamedBox:
    label, *numbers = (float(word) for word in words)
    if label < 0 or label != int(label):
        raise ValueError("no class")
    name = names[int(label)]
    if len(numbers) in (4, 5):  # the fifth is a detector's score
        x, y, w, h = numbers[:4]
        return NamedBox(name, (y - h / 2, x - w / 2, y + h / 2, x + w / 2), where, True)
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError("neither a box nor an outline")
    if len(numbers) == _NUM_CORNERS:
        notes.append(note(ROTATED, where))
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    return NamedBox(name, tight_box(points), where, True)
