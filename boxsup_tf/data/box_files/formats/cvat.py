"""cvat: `CVAT for images 1.1`: annotations.xml, with the images beside it or in images/.

Of polygons the tight box is taken; a rotated box gives the upright one around it.
"""

import math
import os
import xml.etree.ElementTree as ElementTree

from boxsup_tf.data.box_files.box_set import BoxSet, ImageBoxes, NamedBox, tight_box
from boxsup_tf.data.mending import OBJECT_LEFT_OUT, ROTATED, Box, Notes, note, upright_box
from boxsup_tf.data.xml_file import read_xml
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

_SHAPES = ("box", "polygon", "polyline", "points", "mask", "ellipse", "cuboid", "skeleton")


def read(data_dir: str, split: str) -> BoxSet:
    """The images of annotations.xml, or of the one XML file of a folder.

    Raises:
        InputError: there is none, it is not well-formed, or holds no images.
    """
    paths = sorted(files.matching(data_dir, "*.xml"))
    named = sorted(files.matching(data_dir, "annotations.xml"))
    path = next(iter(named or paths), os.path.join(data_dir, "annotations.xml"))
    root = read_xml(path, "CVAT's annotations")
    found = list(root.iter("image"))
    if not found:
        raise InputError(f"{path}: no <image>: expected `CVAT for images 1.1` (not for video)")
    images = [_image(item, path, data_dir) for item in found]
    names = [(label.findtext("name") or "").strip() for label in root.iter("label")]
    return BoxSet(images, list(dict.fromkeys(filter(None, names))) or None)


def _image(item: ElementTree.Element, path: str, data_dir: str) -> ImageBoxes:
    name = item.get("name") or ""
    try:
        size = float(item.get("height", "")), float(item.get("width", ""))
    except ValueError:
        raise InputError(f"{path}: image {name!r} has no size: expected height and width") from None
    image = ImageBoxes(name, data_dir, size=size)
    shapes = [shape for shape in item if shape.tag in _SHAPES]
    for number, shape in enumerate(shapes, start=1):
        where = f"{name}: {shape.tag} {number}"
        try:
            label = (shape.get("label") or "").strip()
            image.boxes.append(NamedBox(label, _box(shape, where, image.notes), where))
        except (KeyError, ValueError):
            image.notes.append(note(OBJECT_LEFT_OUT, where))
    return image


def _box(shape: ElementTree.Element, where: str, notes: Notes) -> Box:
    if shape.tag == "polygon":
        points = [point.split(",") for point in shape.attrib["points"].split(";")]
        return tight_box([(float(x), float(y)) for x, y in points])
    if shape.tag != "box":
        raise ValueError(f"a {shape.tag} has no box")
    left, top, right, bottom = (float(shape.attrib[n]) for n in ("xtl", "ytl", "xbr", "ybr"))
    angle = math.radians(float(shape.get("rotation", "0")))  # about the middle
    if angle:
        notes.append(note(ROTATED, where))
        middle = (top + bottom) / 2, (left + right) / 2
        return upright_box(*middle, bottom - top, right - left, angle)
    return top, left, bottom, right
