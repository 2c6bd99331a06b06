"""yolo: a text file per image, with lines `CLASS CENTRE_X CENTRE_Y WIDTH HEIGHT` in shares of it.

The folder holds data.yaml, which names the classes and the parts' folders or lists of images, whose
text files are where `images` in the path is `labels`, or beside the images; or classes.txt or
obj.names, with the folders images/ and labels/, perhaps with a folder for each part in both, or
with images and text files side by side. Lines of more numbers are outlines, of which the tight box
is taken. An image without a text file has no objects.
"""

import os

from boxsup_tf.data.box_files.box_set import BoxSet, ImageBoxes, NamedBox, tight_box
from boxsup_tf.data.box_files.data_yaml import DataYaml
from boxsup_tf.data.file_index import find_file
from boxsup_tf.data.mending import OBJECT_LEFT_OUT, ROTATED, Notes, note
from boxsup_tf.data.source_image import IMAGE_ENDINGS
from boxsup_tf.data.text_file import read_text
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

_NAME_FILES = ("classes.txt", "obj.names", "labels/classes.txt", "predefined_classes.txt")
_ALSO_CALLED = {"val": ("val", "valid", "validation"), "train": ("train", "training")}
_LIST = ".txt"
_NUM_CORNERS = 8


def read(data_dir: str, split: str) -> BoxSet:
    """The images of a part where there are parts, else all.

    Raises:
        InputError: there are no names of classes or no images, or data.yaml is malformed.
    """
    described = DataYaml.read(data_dir)
    class_names = described.class_names() or _class_names(data_dir)
    images = _images_of_part(described, data_dir, split)
    is_split = bool(images)
    if not is_split:
        if described.has_parts() and split != "all":
            named = described.images_of(_called(split))
            raise InputError(
                f"{described.path}: {split}: {named[0] if named else None!r} is neither a folder "
                f"of images nor a list of them ({_LIST}): expected those of --split={split}"
            )
        images = _in_folder(os.path.join(data_dir, "images")) or _in_folder(data_dir)
    if not images:
        raise InputError(f"{data_dir}: no images: expected those of --split={split}")
    for image in images:
        path = os.path.join(image.folder, image.name.replace("\\", "/"))
        image.boxes.extend(_boxes(path, class_names, image.notes))
    return BoxSet(images, class_names, is_split)


def _class_names(data_dir: str) -> list[str]:
    for name in _NAME_FILES:
        path = os.path.join(data_dir, *name.split("/"))
        if files.is_file(path):
            return _lines(path, "names of classes")
    raise InputError(
        f"{data_dir}: no names of classes: expected data.yaml with `names`, or one of "
        f"{', '.join(_NAME_FILES)} with a name a line"
    )


def _called(split: str) -> tuple[str, ...]:
    return _ALSO_CALLED.get(split, (split,))


def _images_of_part(described: DataYaml, data_dir: str, split: str) -> list[ImageBoxes]:
    """Those that data.yaml names or, failing that, of the usual folders."""
    named = [_named(described, place) for place in described.images_of(_called(split))]
    if named and all(named):
        return [image for images in named for image in images]
    for part in _called(split):
        for place in (("images", part), (part, "images"), (part,)):
            if images := _in_folder(os.path.join(data_dir, *place)):
                return images
    return []


def _named(described: DataYaml, place: str) -> list[ImageBoxes]:
    """The images of a folder, or of a list, as data.yaml names it; none where neither is there."""
    folders = described.folders()
    # Exports of Roboflow begin with ../ and mean the file's own folder.
    paths = [os.path.join(f, p) for p in (place, place.removeprefix("../")) for f in folders]
    if not place.lower().endswith(_LIST):
        return next(filter(None, map(_in_folder, paths)), [])
    path = next(filter(files.is_file, paths), None)
    if path is None:
        raise InputError(f"{described.path}: {place!r}: no such list: expected one of images")
    return [_listed(line, [os.path.dirname(path), *folders]) for line in _lines(path, "images")]


def _listed(line: str, folders: list[str]) -> ImageBoxes:
    """An image of a list, below the first of the folders that has it.

    Of a path of another machine, the file of its name: its text file lies where that image's does.
    """
    name = line.replace("\\", "/").removeprefix("./")
    for folder in folders:
        below = name.removeprefix(os.path.join(files.absolute(folder), ""))
        if not os.path.isabs(below) and files.is_file(os.path.join(folder, below)):
            return ImageBoxes(below, folder)
    base = os.path.basename(name)
    for folder in folders:
        for below in (base, f"images/{base}"):
            if files.is_file(os.path.join(folder, below)):
                return ImageBoxes(below, folder)
    return ImageBoxes(name, folders[0])


def _in_folder(folder: str) -> list[ImageBoxes]:
    names = sorted(files.names_in(folder)) if files.is_folder(folder) else []
    return [ImageBoxes(name, folder) for name in names if name.lower().endswith(IMAGE_ENDINGS)]


def _lines(path: str, what: str) -> list[str]:
    """The lines of a text file that are not empty."""
    return [line.strip() for line in read_text(path, what).splitlines() if line.strip()]


def _boxes(image_path: str, names: list[str], notes: Notes) -> list[NamedBox]:
    folder, base = os.path.split(image_path)
    head, found, tail = folder.rpartition("images")
    folders = [f"{head}labels{tail}"] if found else []
    stem = os.path.splitext(base)[0]
    paths = (find_file(labels, stem, (".txt",)) for labels in [*folders, folder])
    path = next(filter(None, paths), None)
    if path is None:
        return []
    boxes = []
    for number, line in enumerate(read_text(path, "boxes").splitlines(), start=1):
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
