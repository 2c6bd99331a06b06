"""Settings as frozen dataclasses: their documentation, and a command line flag for each field."""

import dataclasses
import inspect
import re
import sys
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from boxsup_tf.errors import InputError


def field_docs(cls: type) -> dict[str, str]:
    """The documentation of every field of a dataclass, from its docstring and its bases'.

    Args:
        cls: its docstring has a section `Attributes:` in Google's style; `a, b: text` documents
            both.
    """
    docs: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        text = inspect.cleandoc(base.__doc__ or "")
        if "Attributes:" not in text:
            continue
        section = text.split("Attributes:", 1)[1]
        entries = re.findall(r"^    (\w[\w, ]*): (.+(?:\n      .+)*)", section, re.MULTILINE)
        for names, doc in entries:
            docs |= {name: " ".join(doc.split()) for name in names.split(", ")}
    return docs


def choice(default: str, choices: Sequence[str]) -> Any:
    """A field whose values are among `choices`."""
    return dataclasses.field(default=default, metadata={"choices": tuple(choices)})


def check_choices(settings: Any) -> None:
    """Makes sure that every field made by `choice` has one of its values.

    Raises:
        InputError: naming the field's flag, its value and the choices.
    """
    for field in dataclasses.fields(settings):
        known, value = field.metadata.get("choices"), getattr(settings, field.name)
        if known and value not in known:
            raise InputError(f"--{field.name}={value}: expected one of {', '.join(known)}")


def define_flag(
    name: str, kind: Any, default: Any, help_text: str, choices: Sequence[str] = ()
) -> None:
    """Defines the flag of one field.

    Args:
        name: of the flag.
        kind: the field's type: bool, int, float, str, or tuple[float, ...] / tuple[str, ...],
            which are given as comma-separated lists.
        default: None: not given.
        help_text: for --help.
        choices: where not empty, the values a str may take.
    """
    if choices:
        flags.DEFINE_enum(name, default, list(choices), help_text)
    elif kind is bool:
        flags.DEFINE_bool(name, default, help_text)
    elif kind is int:
        flags.DEFINE_integer(name, default, help_text)
    elif kind is float:
        flags.DEFINE_float(name, default, help_text)
    elif kind is str:
        flags.DEFINE_string(name, default, help_text)
    elif typing.get_origin(kind) is tuple:
        flags.DEFINE_list(name, None if default is None else list(map(str, default)), help_text)
    else:
        raise TypeError(f"no flag for the type {kind} of {name}")
    # --help lists the key flags of the program, and the flag was defined in this module.
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[name])


def define_flags(cls: type) -> None:
    """A flag for every field of a dataclass, with its default and its documentation."""
    helps, kinds = field_docs(cls), typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        required = field.default is dataclasses.MISSING
        default = None if required else field.default
        choices = field.metadata.get("choices", ())
        define_flag(field.name, kinds[field.name], default, helps[field.name], choices)
        if required:
            flags.mark_flag_as_required(field.name)


def from_flags(cls: type, values: Mapping[str, Any]) -> Any:
    """Makes a dataclass of flags' values; a list becomes the tuple that the field's type asks.

    Args:
        cls: the dataclass.
        values: by name; those that are missing keep their defaults.

    Raises:
        InputError: an element of a list is not of the field's type.
    """
    kinds = typing.get_type_hints(cls)
    return cls(**{name: _convert(name, kinds[name], value) for name, value in values.items()})


def parsed_flags(cls: type) -> Any:
    """Makes a dataclass of the flags that `define_flags` defined for it, once they are parsed.

    Raises:
        InputError: see `from_flags`.
    """
    names = [field.name for field in dataclasses.fields(cls)]
    return from_flags(cls, {name: flags.FLAGS[name].value for name in names})


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
    kinds = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        kind = kinds.get(name, str)
        try:
            if not equals:
                raise ValueError
            if kind is bool:
                values[name] = {"true": True, "false": False}[text]
            elif typing.get_origin(kind) is tuple:
                values[name] = text.split("+")
            else:
                values[name] = kind(text)
        except (ValueError, KeyError):
            raise InputError(f"--{flag}: {assignment!r}: expected option=value") from None
    return values


def _convert(name: str, kind: Any, value: Any) -> Any:
    if typing.get_origin(kind) is not tuple:
        return value
    element = typing.get_args(kind)[0]
    try:
        return tuple(element(item) for item in value)
    except ValueError:
        raise InputError(
            f"--{name}={','.join(map(str, value))}: expected a list of {element.__name__}"
        ) from None
