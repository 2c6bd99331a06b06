"""Values of a dataclass's fields from texts such as `edges=gradient`."""

import typing
from collections.abc import Sequence
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.settings import field_types, parse_text


def parse_values(cls: type, assignments: Sequence[str], flag: str) -> dict[str, Any]:
    """Values of a dataclass's fields from texts.

    Args:
        cls: the dataclass.
        assignments: such as `edges=gradient`; the elements of a list are joined by `+`.
        flag: where they come from, for the message.

    Returns:
        Values by name; those of names that the class does not have are texts.

    Raises:
        InputError: one is no assignment, or its value not of the field's type.
    """
    kinds = field_types(cls)
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise InputError(f"--{flag}: {assignment!r}: expected option=value")
        kind = kinds.get(name, str)
        is_list = typing.get_origin(kind) is tuple
        try:
            values[name] = text.split("+") if is_list else parse_text(kind, text)
        except InputError as error:
            raise InputError(f"--{flag}: {assignment!r}: {error}") from None
    return values
