"""A command line for a function of dataclasses: a flag for each of their fields."""

import contextlib
import dataclasses
import difflib
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from absl import flags, logging

from boxsup_tf import settings
from boxsup_tf.commands.help_text import flags_text, introduction
from boxsup_tf.errors import InputError, shown_in_one_line
from boxsup_tf.io.folder_lock import folder_lock

_HELP_FLAGS = {"--help", "-help", "-h"}


def call(
    function: Callable[..., object],
    arguments: Sequence[str] | None = None,
    program: str = "",
) -> None:
    """Calls a function with dataclasses that the flags of its program make.

    Folders that an option calls written are locked meanwhile. What a user can act on ends the
    program as one line on stderr, exit status 1; --help prints the docstring of the function's file
    and the flags, exit status 0.

    Args:
        function: its parameters are annotated with frozen dataclasses.
        arguments: without the program's name; None: this process's.
        program: its name, for --help; empty: the script's.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    classes = classes_of(function)
    if asks_for_help(arguments):
        description = sys.modules[function.__module__].__doc__ or ""
        print(introduction(program or f"python {sys.argv[0]}", description), end="\n\n")
        print(flags_text(classes))
        return
    logging.set_verbosity(logging.WARNING)  # TensorFlow reports every checkpoint
    with shown_in_one_line():
        parsed = parse(classes, arguments)
        with _alone(parsed):
            function(*parsed)


@contextlib.contextmanager
def _alone(parsed: Sequence[Any]) -> Iterator[None]:
    """Locks the folders that a program writes."""
    with contextlib.ExitStack() as locks:
        for options in parsed:
            for field in dataclasses.fields(options):
                if field.metadata.get("written"):
                    locks.enter_context(
                        folder_lock(getattr(options, field.name), f"--{field.name}")
                    )
        yield


def classes_of(function: Callable[..., object]) -> list[type]:
    """The dataclasses that a function is called with."""
    return [kind for name, kind in typing.get_type_hints(function).items() if name != "return"]


def asks_for_help(arguments: Sequence[str]) -> bool:
    return not _HELP_FLAGS.isdisjoint(arguments)


def parse(classes: Sequence[type], arguments: Sequence[str]) -> list[Any]:
    """Makes a dataclass of each class.

    Args:
        classes: their fields have different names.
        arguments: without the program's name.

    Raises:
        InputError: a flag is unknown or missing, has no effect beside the others, or its value
            is not of its field's type or not allowed; or an argument is no flag.
    """
    try:
        return _parse(classes, arguments)
    except InputError as error:
        options = (argument.partition("=") for argument in arguments)
        named = [value for name, _, value in options if name in ("--flagfile", "-flagfile")]
        if not named:
            raise
        raise InputError(f"{error} (flags are also in {', '.join(named)})") from None


def _parse(classes: Sequence[type], arguments: Sequence[str]) -> list[Any]:
    fields = {field.name: field for cls in classes for field in dataclasses.fields(cls)}
    kinds = {name: kind for cls in classes for name, kind in settings.field_types(cls).items()}
    given = _given(fields, kinds, arguments)
    _check_needed(fields, given)
    return [
        settings.from_values(
            cls, {name: given[name] for name in settings.field_types(cls) if name in given}
        )
        for cls in classes
    ]


def _given(
    fields: dict[str, dataclasses.Field], kinds: dict[str, Any], arguments: Sequence[str]
) -> dict[str, Any]:
    """The values of the flags that occur."""
    values = flags.FlagValues()
    for name, field in fields.items():
        if kinds[name] is bool:
            flags.DEFINE_bool(name, None, "", values)
        elif field.metadata.get("repeated"):
            flags.DEFINE_multi_string(name, None, "", values)
        else:
            flags.DEFINE_string(name, None, "", values)
    values.set_gnu_getopt(True)  # flags may stand behind what a shell made of a pattern
    try:
        _, *rest = values(["boxsup", *_with_whole_lists(arguments)])
    except flags.UnrecognizedFlagError as error:
        near = difflib.get_close_matches(error.flagname, fields, 1)
        expected = f"--{near[0]}" if near else "one of those that --help lists"
        raise InputError(f"--{error.flagname}: no such flag: expected {expected}") from None
    except flags.IllegalFlagValueError as error:  # of a bool, which alone is not defined as a text
        flag = str(error).removeprefix("flag ").partition(": ")[0]
        raise InputError(f"{flag}: expected true or false") from None
    except RecursionError:  # of absl, which looks for a flag with a name like that
        raise InputError("a flag's name is too long: expected one that --help lists") from None
    except (flags.Error, ValueError) as error:
        raise InputError(" ".join(str(error).split()).removeprefix("ERROR:: ")) from None
    given = {name: values[name].value for name in fields if values[name].present}
    if rest:
        # A pattern that was not quoted: the shell put the files behind the flag of the first.
        several = [name for name in given if fields[name].metadata.get("repeated")]
        if len(several) != 1:
            raise InputError(f"unexpected argument {rest[0]!r}: expected flags only (see --help)")
        given[several[0]] = [*(given[several[0]] or ()), *rest]
    for name, value in given.items():
        if isinstance(value, str):
            try:
                given[name] = settings.parse_text(kinds[name], value)
            except InputError as error:
                raise InputError(f"--{name}={value}: {error}") from None
    return given


def _with_whole_lists(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a list that has spaces around its commas as one: `a, b` and `a ,b`."""
    whole: list[str] = []
    for argument in arguments:
        is_more = whole and (whole[-1].endswith(",") or argument.startswith(","))
        if is_more and not argument.startswith("--"):
            whole[-1] += argument
        else:
            whole.append(argument)
    return whole


def _check_needed(fields: dict[str, dataclasses.Field], given: dict[str, Any]) -> None:
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in given:
            raise InputError(f"--{name} is missing (see --help)")
        other, _, wanted = field.metadata.get("only_with", "").partition("=")
        if not other or given.get(name, False) is False:  # one that is off asks for nothing
            continue
        value = given.get(other, fields[other].default)
        if wanted and value not in wanted.split("|"):
            raise InputError(
                f"--{name} is for --{other}={wanted.replace('|', ' or ')}: it has no effect with "
                f"--{other}={value}"
            )
        if not value:
            raise InputError(f"--{name} has no effect without --{other}")
