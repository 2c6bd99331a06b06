"""Loads a COCO annotation file: the values that tools write otherwise are mended here."""

import dataclasses
import json
import os
from collections.abc import Callable
from typing import Any

from boxsup_tf.errors import InputError, warn
from boxsup_tf.io.names import check_image_name, check_text
from boxsup_tf.records.example import read_bytes

Required = dict[str, dict[str, type]]  # by list: the keys of each entry, and their types

_LISTS = ("categories", "images", "annotations")
_CROWD = {0: False, "0": False, None: False, 1: True, "1": True}  # True and 1.0 are 1


@dataclasses.dataclass(frozen=True)
class CocoFile:
    """What an instances JSON says, with ids as whole numbers where they can be read as such.

    Attributes:
        path: of the file.
        categories: `id` and `name`.
        images: `id`, `file_name`, `height` and `width`; the sizes are None where it says none.
        annotations: by the image's id: `category_id`, `bbox` and `segmentation` as they are,
            `iscrowd` as bool, `where` for messages.
    """

    path: str
    categories: list[dict]
    images: list[dict]
    annotations: dict[int | str, list[dict]]


def load_coco(path: str) -> CocoFile:
    """Reads an instances JSON. Entries that cannot be used are left out, with a warning.

    Raises:
        InputError: it is missing, not JSON, or lacks a list; all entries of a list are bad; an id
            or file name occurs twice.
    """
    dataset = read_any_json(path, "COCO annotations")
    for kind in _LISTS:
        if not isinstance(dataset, dict) or not isinstance(dataset.get(kind), list):
            raise InputError(f"{path}: no list {kind!r}: expected COCO's {', '.join(_LISTS)}")
    categories = _usable(dataset["categories"], _category, "categories", path)
    images = _usable(dataset["images"], _image, "images", path)
    check_unique([category["id"] for category in categories], "categories id", path)
    check_unique([image["id"] for image in images], "images id", path)
    check_unique([image_stem(image) for image in images], "file name", path)
    known = {category["id"] for category in categories}
    by_image: dict[int | str, list[dict]] = {image["id"]: [] for image in images}

    def annotation(entry: dict, place: int) -> dict:
        image_id, made = _annotation(entry, place)
        if image_id not in by_image:
            raise ValueError(f"image_id {image_id!r} is unknown: expected the id of an image")
        if made["category_id"] not in known:
            raise ValueError(f"category_id {made['category_id']!r} is unknown: expected a category")
        by_image[image_id].append(made)
        return made

    _usable(dataset["annotations"], annotation, "annotations", path)
    return CocoFile(path, categories, images, by_image)


def _usable(entries: list, clean: Callable[[dict, int], dict], kind: str, path: str) -> list[dict]:
    """The entries as `clean` gives them, without those of which it raises a ValueError."""
    kept, bad = [], []
    for place, entry in enumerate(entries):
        try:
            if not isinstance(entry, dict):
                raise ValueError(f"{entry!r}: expected an object")
            kept.append(clean(entry, place))
        except (ValueError, OverflowError, RecursionError) as error:
            bad.append(f"{kind}[{place}]: {error}")
    if bad and not kept:
        raise InputError(f"{path}: {bad[0]}")
    if bad:
        warn(f"{path}: {len(bad)} of {len(entries)} {kind} left out, the first: {bad[0]}")
    return kept


def _category(entry: dict, place: int) -> dict:
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"'name' is {name!r}: expected a text")
    return {"id": _identifier(entry, "id"), "name": check_text(name.strip(), "'name'")}


def _image(entry: dict, place: int) -> dict:
    name = entry.get("file_name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"'file_name' is {name!r}: expected a text")
    check_image_name(name, "'file_name'")
    sizes = {side: _side(entry, side) for side in ("height", "width")}
    if None in sizes.values():
        sizes = dict.fromkeys(sizes)
    return {"id": _identifier(entry, "id"), "file_name": name, **sizes}


def _annotation(entry: dict, place: int) -> tuple[int | str, dict]:
    """The image's id, and what is used of the annotation; its own id only names it."""
    try:
        is_crowd = _CROWD[entry.get("iscrowd")]
    except (KeyError, TypeError):
        raise ValueError(f"'iscrowd' is {entry.get('iscrowd')!r}: expected 0 or 1") from None
    return _identifier(entry, "image_id"), {
        "category_id": _identifier(entry, "category_id"),
        "bbox": entry.get("bbox"),
        "segmentation": entry.get("segmentation"),
        "iscrowd": is_crowd,
        "where": f"annotation {entry['id']}" if "id" in entry else f"annotations[{place}]",
    }


def _identifier(entry: dict, name: str) -> int | str:
    """An id: a whole number, also as 1.0 or "1"; else a text as it is."""
    value = entry.get(name)
    if isinstance(value, str) and value:
        return int(value) if value.isascii() and value.isdecimal() else value
    if isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
        return int(value)
    raise ValueError(f"{name!r} is {value!r}: expected a whole number")


def _side(entry: dict, name: str) -> int | None:
    """Pixels; None where there is no number above 0."""
    try:
        value = float(entry.get(name) or 0)
    except (TypeError, ValueError):
        raise ValueError(f"{name!r} is {entry.get(name)!r}: expected a whole number") from None
    if not value.is_integer():
        raise ValueError(f"{name!r} is {value!r}: expected a whole number")
    return int(value) if value > 0 else None


def read_any_json(path: str, what: str) -> Any:
    """What a JSON file holds; an InputError that says `what` was expected where there is none."""
    encoded = read_bytes(path, what)
    try:
        return json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}") from None


def image_stem(image: dict) -> str:
    """An image's file name without its extension; a folder in it stays, to keep it unique."""
    return os.path.splitext(image["file_name"])[0]


def check_lists(dataset: object, required: Required, path: str, layout: str) -> None:
    """Makes sure that a JSON's lists are there, and their entries objects with the right keys.

    Args:
        dataset: what the JSON at `path` holds.
        layout: whose lists these are, for the message.

    Raises:
        InputError: a list is missing, or an entry lacks a key or has a value of another type.
    """
    for kind, types in required.items():
        records = dataset.get(kind) if isinstance(dataset, dict) else None
        if not isinstance(records, list):
            raise InputError(f"{path}: no list {kind!r}: expected {layout}'s {', '.join(required)}")
        for number, record in enumerate(records):
            for name, kind_of_value in types.items():
                value = record.get(name) if isinstance(record, dict) else None
                if not isinstance(value, kind_of_value):
                    raise InputError(
                        f"{path}: {kind}[{number}]: {name!r} is {value!r}: expected a value of "
                        f"type {kind_of_value.__name__}"
                    )


def check_unique(values: list, what: str, path: str) -> None:
    """Makes sure that no value occurs twice in the file at `path`.

    Raises:
        InputError: one does.
    """
    seen = set()
    for value in values:
        if value in seen:
            raise InputError(f"{path}: {what} {value!r} occurs twice: expected once")
        seen.add(value)
