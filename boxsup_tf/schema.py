"""What a value of a JSON file has to be, in Python's own words for types."""

import types
import typing
from typing import Any

_WHOLE = 2**63  # what fits into 64 bits


def check_type(value: Any, kind: Any, name: str) -> None:
    """Makes sure that a value is of a type.

    Args:
        value: as JSON has it.
        kind: `None`, bool, int (of 64 bits), float (whole numbers are, too), str, dict, list,
            `list[...]`, `tuple[..., ...]`, `dict[str, ...]`, a TypedDict (of which a value may have
            more keys), or a choice of these (`A | B`).
        name: of the value, for the message.

    Raises:
        TypeError: it is not, or something in it.
    """
    arguments, origin = typing.get_args(kind), typing.get_origin(kind)
    if kind is Any:
        return
    if origin in (typing.Union, types.UnionType):
        _check_choice(value, arguments, name)
    elif typing.is_typeddict(kind):
        _check_plain(value, dict, name)
        for key, inner in typing.get_type_hints(kind).items():
            if key in value:
                check_type(value[key], inner, f"{name}[{key!r}]" if name else key)
            elif key in kind.__required_keys__:
                raise TypeError(f"{name or 'it'} has no {key!r}")
    elif origin in (list, tuple):
        _check_plain(value, (list, tuple), name)
        for number, item in enumerate(value):
            check_type(item, arguments[0], f"{name}[{number}]")
    elif origin is dict:
        _check_plain(value, dict, name)
        for key, item in value.items():
            check_type(item, arguments[1], f"{name}[{key!r}]")
    else:
        _check_plain(value, types.NoneType if kind is None else kind, name)


def _check_choice(value: Any, kinds: tuple, name: str) -> None:
    errors = []
    for kind in kinds:
        try:
            check_type(value, kind, name)
            return
        except TypeError as error:
            errors.append(error)
    raise errors[0]


def _check_plain(value: Any, kind: Any, name: str) -> None:
    fits = isinstance(value, kind)
    if isinstance(value, bool):
        fits = kind is bool
    elif isinstance(value, int):
        fits = kind in (int, float) and -_WHOLE <= value < _WHOLE
    if not fits:
        is_large = isinstance(value, int) and abs(value) >= _WHOLE
        plain = isinstance(value, str | int | float | None) and not is_large
        shown = f"{value!r:.60}" if plain else f"a {type(value).__name__}"
        words = {int: "a whole number", float: "a number", str: "a text", dict: "an object"}
        words |= {bool: "true or false", types.NoneType: "null"}
        raise TypeError(f"{name or 'it'} is {shown}: expected {words.get(kind, 'a list')}")
