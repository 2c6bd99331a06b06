"""labelstudio: Label Studio's JSON or JSON-MIN export, with the images beside it or in images/.

Images are found by their names, also without the eight digits that an upload is given, or by the
path of a local file (`/data/local-files/?d=PATH`). Of several annotations of a task the first that
was not cancelled counts. Of polygons the tight box is taken.
"""

import math
import os
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

from boxsup_tf.data.box_files.box_set import BoxSet, ImageBoxes, NamedBox, tight_box
from boxsup_tf.data.coco.file import read_any_json
from boxsup_tf.data.file_index import find_file
from boxsup_tf.data.mending import OBJECT_LEFT_OUT, ROTATED, note
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

_UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")
_LOCAL = re.compile(r"(?:^|.*&)d=([^&]+).*")
_PER_CENT = 100.0


def read(data_dir: str, split: str) -> BoxSet:
    """The images of the one JSON file of a folder.

    Raises:
        InputError: there is none, or several, or it is not Label Studio's.
    """
    paths = sorted(files.matching(data_dir, "*.json"))
    if len(paths) != 1:
        raise InputError(f"{data_dir}: {len(paths)} JSON files: expected Label Studio's one")
    tasks = read_any_json(paths[0], "Label Studio's tasks")
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise InputError(f"{paths[0]}: no list of tasks: expected Label Studio's JSON export")
    images = []
    for task in tasks:
        try:
            image = _image(task, paths[0], data_dir)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            named = f"{paths[0]}: task {task.get('id')!r:.60}"
            raise InputError(f"{named}: not Label Studio's ({error!r})") from None
        images += [image] if image else []
    return BoxSet(images)


def _image(task: dict[str, Any], path: str, data_dir: str) -> ImageBoxes | None:
    """None where the task is not labelled yet."""
    data = task.get("data", task)
    name = next((data[k] for k in ("image", "img", "picture", "photo") if k in data), None)
    if not isinstance(name, str):
        raise InputError(f"{path}: task {task.get('id')!r} has no `image`: expected its address")
    if "annotations" in task:
        done = [a for a in task["annotations"] if not a.get("was_cancelled")]
        if not done:
            return None
        results = done[0].get("result", [])
    else:
        results = task.get("label", task.get("bbox", []))
    image = ImageBoxes(_file_name(name, data_dir), data_dir)
    for number, result in enumerate(results, start=1):
        where = f"task {task.get('id')}: region {number}"
        try:
            boxes = list(_boxes(result, where, image))
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            boxes = []
        if not boxes and result.get("type") not in ("choices", "textarea", "relation"):
            image.notes.append(note(OBJECT_LEFT_OUT, where))
        image.boxes.extend(boxes)
    return image


def _file_name(address: str, data_dir: str) -> str:
    """The file of an image's address, which may be written with %20 for a space."""
    path, _, query = address.replace("\\", "/").partition("#")[0].partition("?")
    local = _LOCAL.fullmatch(query) if path.endswith("local-files/") else None
    name = local[1] if local else os.path.basename(path)
    tried = [name, urllib.parse.unquote(name)]
    if uploaded := _UPLOADED.fullmatch(tried[-1]):
        tried.append(uploaded[1])
    return next((name for name in tried if _is_there(data_dir, name)), tried[-1])


def _is_there(data_dir: str, name: str) -> bool:
    stem, ending = os.path.splitext(os.path.basename(name))
    below = os.path.dirname(os.path.join(data_dir, name))
    folders = dict.fromkeys((below, data_dir, os.path.join(data_dir, "images")))
    return any(find_file(folder, stem, (ending,)) for folder in folders)


def _boxes(result: dict[str, Any], where: str, image: ImageBoxes) -> Iterator[NamedBox]:
    """A box for each label of a region; boxes are in per cent of the image."""
    value = result.get("value", result)
    height, width = result.get("original_height"), result.get("original_width")
    if height and width:
        image.size = float(height), float(width)
    if "rectanglelabels" in value:
        x, y, w, h = (float(value[name]) for name in ("x", "y", "width", "height"))
        points = [(x, y), (x + w, y + h)]
        if value.get("rotation"):
            points = _turned(x, y, w, h, float(value["rotation"]), image.size)
            image.notes.append(note(ROTATED, where))
        labels = value["rectanglelabels"]
    else:
        points, labels = value["points"], value["polygonlabels"]
    ymin, xmin, ymax, xmax = (edge / _PER_CENT for edge in tight_box(points))
    for label in labels:
        yield NamedBox(str(label).strip(), (ymin, xmin, ymax, xmax), where, True)


def _turned(
    x: float, y: float, w: float, h: float, degrees: float, size: tuple[float, float] | None
) -> list[tuple[float, float]]:
    """The corners of a rectangle that is turned clockwise about its first one, in per cent."""
    if size is None:
        raise ValueError("an angle says nothing in per cent of an unknown size")
    height, width = size
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    w, h = w * width, h * height
    corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)]
    return [(x + (a * cos - b * sin) / width, y + (a * sin + b * cos) / height) for a, b in corners]
