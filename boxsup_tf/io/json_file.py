"""JSON files: written whole, read with an error that names them."""

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write

T = TypeVar("T")


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
        value = json.loads(files.read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected {what}: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: holds a {type(value).__name__}: expected an object")
    return value


def parse_json(path: str, what: str, parse: Callable[[dict[str, Any]], T]) -> T:
    """What `parse` makes of the object that a JSON file holds.

    Args:
        path, what: see `read_json`.
        parse: may raise what comes of values that are missing or of another kind.

    Raises:
        InputError: as `read_json`, or `parse` failed.
    """
    value = read_json(path, what)
    try:
        return parse(value)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: expected {what}: damaged ({reason})") from None


def number(value: float | None) -> float | None:
    """A value of a JSON file; None for null, and for what is infinite or no number."""
    return float(value) if value is not None and math.isfinite(value) else None
