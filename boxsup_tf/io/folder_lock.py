"""A folder that one process at a time works in."""

import contextlib
import fcntl
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from typing import IO

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write

LOCK_FILE = ".lock"
# What `atomic_write` and an export work in, a name with the number of a process; and in what
# TensorFlow gathers a checkpoint.
_LEFTOVER = re.compile(r"\.\d{1,10}\.tmp$|^ckpt-\d+_temp$")


@contextlib.contextmanager
def folder_lock(folder: str, flag: str) -> Iterator[None]:
    """Keeps others out of a folder until the block, or this process, ends, however it ends.

    What a killed process left half written in it, or in a folder of it, is removed. Folders that
    cannot be written are not locked, nor those of file systems without locks. On those of
    TensorFlow a note says who is there, and a second process is warned, not held off: nobody could
    tell the note of a process that was killed.

    Args:
        folder: made if need be, and gone again if nothing was written into it.
        flag: that names it, for the message.

    Raises:
        InputError: another process is in it; the message says which one, and since when. Or the
            folder was removed before the block ended, well or by an error.
    """
    if files.is_remote(folder):
        with _note(os.path.join(folder, LOCK_FILE), folder, flag):
            yield
        return
    name, folder = f"{flag}={folder}", os.path.realpath(folder)
    path, new = os.path.join(folder, LOCK_FILE), not os.path.exists(folder)
    try:
        os.makedirs(folder, exist_ok=True)
        file = _locked(path, name, flag)
    except OSError:  # the block fails with a better message, or only reads
        file = None
    if file is None:
        yield
        return
    with file:
        try:
            if file.read():  # of a process that was killed, or it would be gone
                _remove_leftovers(folder)
            os.ftruncate(file.fileno(), 0)
            with contextlib.suppress(OSError):  # a full disk
                os.write(file.fileno(), _this_process().encode())
            cause = None
            try:
                yield
            except Exception as error:
                if _is_at(file, path):
                    raise
                cause = error
            if not _is_at(file, path):
                raise InputError(
                    f"{name}: was removed while this command wrote into it: delete what "
                    "is there now, and give the same command again"
                ) from cause
        finally:
            if _is_at(file, path):
                os.remove(path)
            if new:
                with contextlib.suppress(OSError):  # mostly, that it is not empty
                    os.rmdir(folder)


def _locked(path: str, name: str, flag: str) -> IO[str]:
    """The lock file, locked and at its beginning."""
    while True:
        file = open(path, "a+", encoding="utf-8")  # noqa: SIM115
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                holder = file.read().strip() or "another process"
            raise InputError(
                f"{name}: in use by {holder}: expected to be the only one; wait for it, or choose "
                f"another {flag}"
            ) from None
        except OSError:  # no locks there
            return file
        if _is_at(file, path):
            return file
        file.close()  # its holder ended, and removed it, meanwhile


def _is_at(file: IO[str], path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False


def _remove_leftovers(folder: str) -> None:
    for at, folders, names in os.walk(folder):
        for name in filter(_LEFTOVER.search, [*folders, *names]):
            path = os.path.join(at, name)
            with contextlib.suppress(OSError):
                (shutil.rmtree if name in folders else os.remove)(path)
        if at != folder:
            folders.clear()  # one level is all that any command writes


@contextlib.contextmanager
def _note(path: str, folder: str, flag: str) -> Iterator[None]:
    with contextlib.suppress(OSError):
        if files.exists(path):
            print(
                f"warning: {flag}={folder}: in use by {files.read_text(path).strip()}, unless that "
                "was killed: expected to be the only one; this file system has no locks",
                file=sys.stderr,
            )
        files.make_folders(folder)
        with atomic_write(path) as file:
            file.write(_this_process())
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if files.read_text(path) == _this_process():
                files.remove(path)


def _this_process() -> str:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(_START))
    return f"process {os.getpid()} on {socket.gethostname()} since {since}\n"


_START = time.time()
