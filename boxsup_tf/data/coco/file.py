"""Loads a COCO annotation file, and checks what pycocotools does not."""

import contextlib
import io
import json
import os
from typing import Any

from pycocotools.coco import COCO

from boxsup_tf.errors import InputError
from boxsup_tf.records.example import read_bytes

Required = dict[str, dict[str, type]]  # by list: the keys of each entry, and their types

_REQUIRED: Required = {
    "categories": {"id": int, "name": str},
    "images": {"id": int, "file_name": str, "height": int, "width": int},
    "annotations": {"id": int, "image_id": int, "category_id": int},
}


def load_coco(path: str) -> COCO:
    """Reads an instances JSON, without pycocotools' prints.

    Raises:
        InputError: it is missing, not JSON, or lacks a key; an id or file name occurs twice;
            an annotation is of an image or category that the file does not declare.
    """
    dataset = read_any_json(path, "COCO annotations")
    check_lists(dataset, _REQUIRED, path, "COCO")
    for kind in _REQUIRED:
        check_unique([record["id"] for record in dataset[kind]], f"{kind} id", path)
    check_unique([image_stem(image) for image in dataset["images"]], "file name", path)
    images = {image["id"] for image in dataset["images"]}
    categories = {category["id"] for category in dataset["categories"]}
    for annotation in dataset["annotations"]:
        for name, known in (("image_id", images), ("category_id", categories)):
            if annotation[name] not in known:
                raise InputError(
                    f"{path}: annotation {annotation['id']}: {name} {annotation[name]!r} is "
                    "unknown: expected the id of an entry of this file"
                )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = dataset
        coco.createIndex()
    return coco


def read_any_json(path: str, what: str) -> Any:
    """What a JSON file holds; an InputError that says `what` was expected where there is none."""
    encoded = read_bytes(path, what)
    try:
        return json.loads(encoded)
    except ValueError as error:
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
