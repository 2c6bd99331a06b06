"""JSON files: written whole, read with an error that names them."""

import json
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io.atomic_write import atomic_write


def write_json(path: str, value: object) -> None:
    """Writes JSON so that a reader never sees half of it."""
    with atomic_write(path) as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def read_json(path: str, what: str) -> dict[str, Any]:
    """The object that a JSON file holds.

    Args:
        path: of the file.
        what: the file is expected to be, for the message.

    Raises:
        InputError: the file is missing, or holds no JSON object.
    """
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected {what}: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: holds a {type(value).__name__}: expected an object")
    return value
