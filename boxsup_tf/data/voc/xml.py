"""The objects of a PASCAL VOC annotation file."""

import dataclasses
import math
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence

from boxsup_tf.data.mending import (
    FLAG_UNKNOWN,
    NO_SIZE,
    OBJECT_LEFT_OUT,
    ROTATED,
    Box,
    Notes,
    note,
    upright_box,
    usable_box,
)
from boxsup_tf.data.other_classes import label_of
from boxsup_tf.data.reader import UnknownClassError
from boxsup_tf.data.source_image import SourceImage
from boxsup_tf.data.xml_file import read_xml


@dataclasses.dataclass(frozen=True)
class VocObject:
    """One annotated object.

    Attributes:
        box: (ymin, xmin, ymax, xmax), half-open, pixels.
        label: 1 .. num_classes - 1.
        difficult, truncated: as annotated; False where the tag is missing.
    """

    box: Box
    label: int
    difficult: bool
    truncated: bool


def read_objects(path: str, image: SourceImage, class_names: Sequence[str]) -> list[VocObject]:
    """The objects of an annotation file, in its order.

    Args:
        image: whose annotation this is; what is mended is added to its notes.
        class_names: index is label; 0 is the background.

    Raises:
        InputError: the file is not well-formed or of an image of another size.
        UnknownClassError: an object is of an unknown class.
    """
    root = read_xml(path, "an annotation")
    frame = image.frame(_size(root, path, image.notes), f"{path}: <size>")
    objects = []
    for item, name, where in _items(root):
        if not name:
            image.notes.append(note(OBJECT_LEFT_OUT, where))
            continue
        label = _label(name, f"{path}: {where}", class_names)
        where = f"{where} ({name})"
        annotated = _box(item, where, image.notes)
        box = annotated and usable_box(annotated, frame.height, frame.width, where, image.notes)
        if box:
            flags = [_flag(item, tag, where, image.notes) for tag in ("difficult", "truncated")]
            objects.append(VocObject(frame.turn_box(box), label, *flags))
    return objects


def read_labels(path: str, class_names: Sequence[str]) -> list[int]:
    """The labels of all objects, which need no size.

    Raises:
        InputError: the file is not well-formed.
        UnknownClassError: an object is of an unknown class.
    """
    named = [(name, where) for _, name, where in _items(read_xml(path, "an annotation")) if name]
    return [_label(name, f"{path}: {where}", class_names) for name, where in named]


def read_names(path: str) -> set[str]:
    """The names of the objects' classes.

    Raises:
        InputError: the file is missing or not well-formed.
    """
    return {name for _, name, _ in _items(read_xml(path, "an annotation")) if name}


def _items(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str, str]]:
    """Every object, its class's name, and what messages call it; some tools nest the objects."""
    for number, item in enumerate(root.iter("object"), start=1):
        yield item, (item.findtext("name") or "").strip(), f"object {number}"


def _label(name: str, where: str, class_names: Sequence[str]) -> int:
    label = label_of(name, class_names)
    if not label:  # nor is the background a class of objects
        known = ", ".join(class_names[1:])
        raise UnknownClassError(
            f"{where}: unknown class {name!r}: expected {known} (--class_names={name},... has your "
            f"own classes; --classes={class_names[1]},... takes some and ignores all others)"
        )
    return label


def _size(root: ElementTree.Element, path: str, notes: Notes) -> tuple[float, float] | None:
    """The height and width that the file says; None where it says none."""
    height, width = (_number(root.find("size"), tag) for tag in ("height", "width"))
    if height > 0 and width > 0:
        return height, width
    notes.append(note(NO_SIZE, os.path.basename(path)))
    return None


def _box(item: ElementTree.Element, where: str, notes: Notes) -> Box | None:
    """As annotated, half-open; None where there is none."""
    if (bounds := item.find("bndbox")) is not None:
        xmin, ymin, xmax, ymax = (_number(bounds, k) for k in ("xmin", "ymin", "xmax", "ymax"))
        # VOC counts pixels from 1 and includes the last. Many tools count from 0 and so write a
        # minimum of 0, which would come out one pixel outside.
        ymin, xmin = (0.0 if 0 <= value < 1 else value - 1 for value in (ymin, xmin))
        return ymin, xmin, ymax, xmax
    if (rotated := item.find("robndbox")) is not None:  # of roLabelImg
        cx, cy, w, h, angle = (_number(rotated, k) for k in ("cx", "cy", "w", "h", "angle"))
        if all(map(math.isfinite, (cx, cy, w, h, angle))):
            notes.append(note(ROTATED, where))
            return upright_box(cy, cx, h, w, angle)
    notes.append(note(OBJECT_LEFT_OUT, where))
    return None


def _number(parent: ElementTree.Element | None, tag: str) -> float:
    """The number in `tag`, NaN where there is none; VOC holds fractions such as 45.70, too."""
    text = None if parent is None else parent.findtext(tag)
    try:
        return float(text or "")
    except ValueError:
        return math.nan


def _flag(parent: ElementTree.Element, tag: str, where: str, notes: Notes) -> bool:
    text = (parent.findtext(tag) or "0").strip()
    if text not in ("0", "1"):
        notes.append(note(FLAG_UNKNOWN, f"{where}: {tag} {text!r}"))
    return text == "1"
