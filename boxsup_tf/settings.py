"""Settings as frozen dataclasses: what a field may hold and what it means, declared beside it."""

import dataclasses
import inspect
import math
import operator
import re
import typing
from collections.abc import Mapping
from typing import Any

from absl import flags

from boxsup_tf.errors import InputError
from boxsup_tf.schema import check_type

_BOUNDS = {
    "at_least": ("at least", operator.ge),
    "above": ("more than", operator.gt),
    "at_most": ("at most", operator.le),
    "below": ("less than", operator.lt),
}
# A text's value by the type of its field, and what is expected of the text.
_PARSERS: dict[Any, tuple[flags.ArgumentParser, str]] = {
    bool: (flags.BooleanParser(), "true or false"),
    int: (flags.IntegerParser(), "a whole number"),
    float: (flags.FloatParser(), "a number"),
    str: (flags.ArgumentParser(), "a text"),
    tuple: (flags.ListParser(), "values with commas between"),
}


def option(default: Any = dataclasses.MISSING, **allowed: Any) -> Any:
    """A field of a dataclass that says what is allowed.

    Args:
        default: none: the field must be given.
        **allowed: `choices`, the values there are; or the bounds of a number, `at_least` or
            `above` and `at_most` or `below`; `only_with`, a flag such as `crf`, `dataset=voc` or
            `dataset=voc|sbd` without which this one has no effect; `repeated=True`, each use of
            the flag adds one element; `written=True`, a folder that a program writes into as the
            only one.
    """
    return dataclasses.field(default=default, metadata=allowed)


def expectation(field: dataclasses.Field) -> str:
    """What `option` allows a field to be, in words; empty where it may be anything."""
    allowed = field.metadata
    if "choices" in allowed:
        return f"one of {', '.join(allowed['choices'])}"
    if "at_least" in allowed and "at_most" in allowed:
        return f"a number in {allowed['at_least']} .. {allowed['at_most']}"
    return " and ".join(
        f"{words} {allowed[name]}" for name, (words, _) in _BOUNDS.items() if name in allowed
    )


def check(settings: Any, prefix: str = "--") -> None:
    """Makes sure that every field is what `option` allows; None, where it is the value, always is.

    Raises:
        InputError: naming the field with the prefix, its value and what is allowed.
    """
    for field in dataclasses.fields(settings):
        value, allowed = getattr(settings, field.name), field.metadata
        bounds = [(holds, allowed[name]) for name, (_, holds) in _BOUNDS.items() if name in allowed]
        if value is None:
            continue
        fits = value in allowed.get("choices", [value])
        if bounds:
            fits = math.isfinite(value) and all(holds(value, bound) for holds, bound in bounds)
        if not fits:
            raise InputError(f"{prefix}{field.name}={value}: expected {expectation(field)}")


def documentation(cls: type) -> dict[str, tuple[str, str]]:
    """By field: the heading that it stands under, empty where there is none, and its text.

    The docstring of a class, or of its bases, has a section `Attributes:` in Google's style;
    `a, b: text` documents both, and a line `Heading:` begins a group.
    """
    found: dict[str, tuple[str, str]] = {}
    for base in reversed(cls.__mro__):
        section = inspect.cleandoc(base.__doc__ or "").partition("Attributes:")[2]
        heading = ""
        entries = r"^    (?:(\w[^:]*):|(\w[\w, ]*): (.+(?:\n      .+)*))$"
        for title, names, text in re.findall(entries, section, re.MULTILINE):
            heading = title or heading
            if names:
                entry = (heading, " ".join(text.split()))
                found |= dict.fromkeys(names.split(", "), entry)
    return found


def descriptions(cls: type) -> dict[str, tuple[str, str]]:
    """For --help, by field in the docstring's order: its heading, or '', and what it may be."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    described = {}
    for name, (heading, doc) in documentation(cls).items():
        expected = expectation(fields[name])
        allowed = f" {expected[0].upper()}{expected[1:]}." if expected else ""
        is_name = "_" in doc.split()[0]
        described[name] = heading, (doc if is_name else doc[0].upper() + doc[1:]) + allowed
    return described


def format_value(value: Any) -> str:
    """For --help: a field's value as its flag takes it; empty for none and an empty one."""
    if value is dataclasses.MISSING or value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(map(format_value, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def field_types(cls: type) -> dict[str, Any]:
    """The type of every field; of an optional one (`int | None`) the type when it is given."""
    types = typing.get_type_hints(cls)
    for name, kind in types.items():
        given = [choice for choice in typing.get_args(kind) if choice is not type(None)]
        if type(None) in typing.get_args(kind):
            (types[name],) = given
    return types


def from_values(cls: type, values: Mapping[str, Any]) -> Any:
    """Makes a dataclass and checks it; a list becomes the tuple that the field's type asks.

    Args:
        cls: the dataclass.
        values: by name; those that are missing keep their defaults.

    Raises:
        InputError: a value, or an element of a list, is not of the field's type, or see `check`.
    """
    kinds, converted = field_types(cls), dict(values)
    hints = typing.get_type_hints(cls)
    for name, value in values.items():
        if name not in kinds:
            raise InputError(f"--{name}: no such setting: expected one of {', '.join(kinds)}")
        if typing.get_origin(kinds[name]) is tuple and isinstance(value, list | tuple):
            element = typing.get_args(kinds[name])[0]
            try:
                converted[name] = tuple(
                    element(item) if isinstance(item, str) else item for item in value
                )
            except ValueError:
                raise InputError(
                    f"--{name}={','.join(map(str, value))}: expected a list of {element.__name__}"
                ) from None
        try:
            check_type(converted[name], hints[name], f"--{name}")
        except TypeError as error:
            raise InputError(str(error)) from None
    made = cls(**converted)
    check(made)
    return made


def parse_text(kind: Any, text: str) -> Any:
    """The value that a text stands for.

    Args:
        kind: bool, int, float, str, or a tuple of one of them: `tuple[float, ...]`.
        text: of a tuple the elements with commas between, which become a list of texts.

    Raises:
        InputError: saying what is expected of the text.
    """
    parser, expected = _PARSERS[typing.get_origin(kind) or kind]
    try:
        return parser.parse(text)
    except (ValueError, TypeError):
        raise InputError(f"expected {expected}") from None
