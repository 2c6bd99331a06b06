"""labelme: a JSON per image, beside it. Of polygons and circles the tight box is taken."""

import math
import os
from typing import Any

from boxsup_tf.data.box_files.box_set import BoxSet, ImageBoxes, NamedBox, tight_box
from boxsup_tf.data.coco.file import read_any_json
from boxsup_tf.data.mending import OBJECT_LEFT_OUT, Box, note
from boxsup_tf.errors import InputError, warn
from boxsup_tf.io import files

_OUTLINES = ("rectangle", "polygon", "linestrip")


def read(data_dir: str, split: str) -> BoxSet:
    """The images of all JSON files of a folder.

    Raises:
        InputError: none of them is labelme's.
    """
    images, bad = [], []
    for path in sorted(files.matching(data_dir, "*.json")):
        try:
            images.append(_image(path))
        except InputError as error:
            bad.append(str(error))
    if bad and not images:
        raise InputError(bad[0])
    if bad:
        warn(f"{len(bad)} files left out, the first: {bad[0]}")
    return BoxSet(images)


def _image(path: str) -> ImageBoxes:
    content = read_any_json(path, "labelme's annotation")
    try:
        name = os.path.basename(str(content["imagePath"]).replace("\\", "/"))
        sides = (content.get("imageHeight"), content.get("imageWidth"))
        size = (float(sides[0]), float(sides[1])) if all(sides) else None
        shapes = list(content["shapes"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: not labelme's JSON ({error!r})") from None
    image = ImageBoxes(name, os.path.dirname(path), size=size)
    for number, shape in enumerate(shapes, start=1):
        where = f"{os.path.basename(path)}: shape {number}"
        try:
            flags = shape.get("flags") or {}
            box, label = _box(shape), str(shape["label"]).strip()
            difficult = bool(flags.get("difficult", False))
            image.boxes.append(NamedBox(label, box, where, difficult=difficult))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
            image.notes.append(note(OBJECT_LEFT_OUT, where))
    return image


def _box(shape: dict[str, Any]) -> Box:
    points = [(float(x), float(y)) for x, y in shape["points"]]
    kind = shape.get("shape_type", "polygon")
    if kind == "circle":
        (x, y), edge = points
        radius = math.dist((x, y), edge)
        return y - radius, x - radius, y + radius, x + radius
    if kind not in _OUTLINES or len(points) < 2:
        raise ValueError(f"a {kind} has no box")
    return tight_box(points)
