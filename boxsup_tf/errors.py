"""The error a user can act on, and how a program shows it."""

import contextlib
import functools
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import util
from typing import Any


class InputError(ValueError):
    """Bad input: the message names the file, the offending value and what was expected."""


class InputWarning(UserWarning):
    """Input of which something is left out or mended; the message names the file and what."""


def warn(message: str) -> None:
    """Warns of input with which a program goes on."""
    warnings.warn(message, InputWarning, stacklevel=3)


@contextlib.contextmanager
def shown_in_one_line() -> Iterator[None]:
    """An `InputError` ends the program as one line on stderr, exit status 1.

    An `InputWarning` is one line there, too.

    So does an `OSError` that names its file, as of an output folder that cannot be written to, and
    an interrupt.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", InputWarning)
        show = warnings.showwarning
        warnings.showwarning = functools.partial(_show, show)
        with _ending_in_one_line():
            yield


def _show(otherwise: Callable[..., None], message: Warning, *details: Any) -> None:
    if isinstance(message, InputWarning):
        print(f"warning: {message}", file=sys.stderr)
    else:
        otherwise(message, *details)


@contextlib.contextmanager
def _ending_in_one_line() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(f"error: {error.filename}: cannot be read or written: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit("interrupted: run the same command again to go on from what is done")


def first_line(error: Exception) -> str:
    """The first line of what an error says; its kind where it says nothing."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def require(module: str, install: str, flag: str = "") -> None:
    """Makes sure that a module can be imported.

    Args:
        module: its name.
        install: the command that installs it.
        flag: what asks for it, for the message.

    Raises:
        InputError: the module is missing.
    """
    if util.find_spec(module) is None:
        where = f"{flag}: " if flag else ""
        raise InputError(f"{where}the module {module} is missing: expected it after `{install}`")
