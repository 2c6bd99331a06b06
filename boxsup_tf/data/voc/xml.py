"""The objects of a PASCAL VOC annotation file."""

import dataclasses
import math
import xml.etree.ElementTree as ElementTree

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import check_box, clip_to_image, read_bytes


@dataclasses.dataclass(frozen=True)
class VocObject:
    """One annotated object.

    Attributes:
        box: (ymin, xmin, ymax, xmax), half-open, pixels.
        label: 1 .. num_classes - 1.
        difficult, truncated: as annotated; False where the tag is missing.
    """

    box: tuple[float, float, float, float]
    label: int
    difficult: bool
    truncated: bool


def read_objects(
    path: str, height: int, width: int, class_names: tuple[str, ...]
) -> list[VocObject]:
    """The objects of an annotation file, in its order.

    Args:
        height, width: the image's own size in pixels, which the file must agree with.
        class_names: index is label; 0 is the background.

    Raises:
        InputError: the file is not well-formed, names another size, or holds an object of an
            unknown class or with an impossible box.
    """
    root = _parse(path)
    size = root.find("size")
    if size is None:
        raise InputError(f"{path}: no <size>: expected one with <width> and <height>")
    annotated = (_number(size, "height", path), _number(size, "width", path))
    if annotated != (height, width):
        raise InputError(
            f"{path}: <size> says height {annotated[0]:g} and width {annotated[1]:g}: expected "
            f"the image's height {height} and width {width}"
        )
    items = _items(root, path)
    return [_read_object(item, where, height, width, class_names) for item, where in items]


def read_labels(path: str, class_names: tuple[str, ...]) -> list[int]:
    """The labels of `read_objects`, which need no size.

    Raises:
        InputError: the file is not well-formed, or holds an object of an unknown class.
    """
    return [_read_label(item, where, class_names) for item, where in _items(_parse(path), path)]


def _parse(path: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(read_bytes(path, "an annotation"))
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: not well-formed XML: {error}") from None


def _items(root: ElementTree.Element, path: str) -> list[tuple[ElementTree.Element, str]]:
    """Every object, with what a message calls it."""
    found = enumerate(root.findall("object"), start=1)
    return [(item, f"{path}: object {number}") for number, item in found]


def _read_label(item: ElementTree.Element, where: str, class_names: tuple[str, ...]) -> int:
    name = (item.findtext("name") or "").strip()
    if name not in class_names[1:]:
        raise InputError(f"{where}: unknown class {name!r}: expected {', '.join(class_names[1:])}")
    return class_names.index(name)


def _read_object(
    item: ElementTree.Element, where: str, height: int, width: int, class_names: tuple[str, ...]
) -> VocObject:
    label = _read_label(item, where, class_names)
    where = f"{where} ({class_names[label]})"
    bounds = item.find("bndbox")
    if bounds is None:
        raise InputError(f"{where}: no <bndbox>: expected one")
    xmin, ymin, xmax, ymax = (_number(bounds, k, where) for k in ("xmin", "ymin", "xmax", "ymax"))
    # VOC counts pixels from 1 and includes the last. Many tools count from 0 and so write a
    # minimum of 0, which would come out one pixel outside.
    ymin, xmin = (0.0 if 0 <= value < 1 else value - 1 for value in (ymin, xmin))
    box = clip_to_image((ymin, xmin, ymax, xmax), height, width)
    check_box(box, height, width, where)
    difficult, truncated = (_flag(item, tag, where) for tag in ("difficult", "truncated"))
    return VocObject(box, label, difficult, truncated)


def _number(parent: ElementTree.Element, tag: str, where: str) -> float:
    """The number in `tag`; real VOC files hold fractions such as 45.70 too."""
    text = parent.findtext(tag)
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}: <{tag}> is {text!r}: expected a number")
    return value


def _flag(parent: ElementTree.Element, tag: str, where: str) -> bool:
    text = (parent.findtext(tag) or "0").strip()
    if text not in ("0", "1"):
        raise InputError(f"{where}: <{tag}> is {text!r}: expected 0 or 1")
    return text == "1"
