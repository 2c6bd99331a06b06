"""The error a user can act on, and how a program shows it."""

import contextlib
import errno
import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import util
from typing import Any

INTERRUPTED = "interrupted: run the same command again to go on from what is done"

# What a file system says where it cannot be written.
_OF_DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)


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

    So is an error, also of TensorFlow, that names its file or says that the disk is full, an
    interrupt, and an output that is no longer read.
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
    except BrokenPipeError:
        # Python would fail once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        sys.exit("error: standard output: nobody reads it any more")
    except OSError as error:
        if error.filename is None and error.errno not in _OF_DISKS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"error: {where}cannot be read or written: {error.strerror}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if not (reason := _disk_error(error)):
            raise
        sys.exit(f"error: {reason}")


def _disk_error(error: Exception) -> str:
    """What an error of TensorFlow says of a file that it could not write; empty for any other.

    TensorFlow, which need not be there, says `{{node}} PATH; REASON [Op: ...`.
    """
    message = str(getattr(error, "message", "")) if hasattr(error, "error_code") else ""
    for reason in map(os.strerror, _OF_DISKS):
        if reason in message:
            path = message.partition(";")[0].rpartition("}} ")[2]
            return f"{path}: cannot be written: {reason}"
    return ""


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
