"""Files and folders, on the local disk and wherever else TensorFlow reaches.

A path with `://` in it (`gs://BUCKET/...`, `ram://...`) is one of tf.io.gfile; any
other is the operating system's. TensorFlow is imported for the former alone: worker processes and
some commands do without it. Whatever cannot be done is an OSError that names the path, on every
file system.
"""

import contextlib
import errno
import fnmatch
import glob
import io
import os
import shutil
from collections.abc import Iterator
from typing import IO, Any

# What TensorFlow calls the errors that callers tell apart; all others are EIO.
_ERRNO = {
    "NotFoundError": errno.ENOENT,
    "AlreadyExistsError": errno.EEXIST,
    "PermissionDeniedError": errno.EACCES,
    "UnauthenticatedError": errno.EACCES,
    "ResourceExhaustedError": errno.ENOSPC,
    "UnimplementedError": errno.EPROTONOSUPPORT,  # no such file system
}


def is_remote(path: str) -> bool:
    """Whether a path is not the operating system's."""
    return "://" in path


def exists(path: str) -> bool:
    """Whether there is a file or folder."""
    if not is_remote(path):
        return os.path.exists(path)
    with _gfile(path) as gfile:
        return gfile.exists(path)


def is_file(path: str) -> bool:
    """Whether there is a file."""
    if not is_remote(path):
        return os.path.isfile(path)
    with _gfile(path) as gfile:
        return gfile.exists(path) and not gfile.isdir(path)


def is_folder(path: str) -> bool:
    """Whether there is a folder; object stores have those that were made or hold something."""
    if not is_remote(path):
        return os.path.isdir(path)
    with _gfile(path) as gfile:
        return gfile.isdir(path)


def size(path: str) -> int:
    """Of a file, bytes."""
    if not is_remote(path):
        return os.path.getsize(path)
    with _gfile(path) as gfile:
        return gfile.stat(path).length


def modified_ns(path: str) -> int:
    """When a file was last written, nanoseconds; some file systems do not know, and say 0."""
    if not is_remote(path):
        return os.stat(path).st_mtime_ns
    with _gfile(path) as gfile:
        return gfile.stat(path).mtime_nsec


def absolute(path: str) -> str:
    """A path that does not depend on the current folder."""
    return path if is_remote(path) else os.path.abspath(path)


def resolved(path: str) -> str:
    """One path for all that lead to the same folder."""
    return path.rstrip("/") if is_remote(path) else os.path.realpath(path)


def read(path: str) -> bytes:
    """All of a file."""
    if not is_remote(path):
        with open(path, "rb") as file:
            return file.read()
    with _gfile(path) as gfile, gfile.GFile(path, "rb") as file:
        return file.read()


@contextlib.contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """A file that is read in places."""
    if not is_remote(path):
        with open(path, "rb") as file:
            yield file
        return
    with _gfile(path) as gfile, gfile.GFile(path, "rb") as file:
        yield file


def read_text(path: str) -> str:
    """All of a file in UTF-8, which a UnicodeDecodeError says it is not."""
    return read(path).decode()


@contextlib.contextmanager
def create(path: str, mode: str = "w") -> Iterator[IO[Any]]:
    """Opens a file for writing.

    Args:
        path: of the file; `atomic_write` gives one that is there already another content.
        mode: `w` for text, in UTF-8, or `wb`.
    """
    encoding = None if "b" in mode else "utf-8"
    if not is_remote(path):
        with open(path, mode, encoding=encoding) as file:
            yield file
        return
    content = io.BytesIO()  # writers of archives go back in it, which object stores cannot
    text = io.TextIOWrapper(content, encoding, write_through=True) if encoding else None
    yield text or content
    with _gfile(path) as gfile, gfile.GFile(path, "wb") as file:
        file.write(content.getvalue())


def replace(source: str, target: str) -> None:
    """Gives a file another name on its file system; one of that name goes.

    On an object store that is a copy, which appears as a whole, and then the end of the source.
    """
    if not is_remote(target):
        os.replace(source, target)
        return
    with _gfile(source) as gfile:
        gfile.rename(source, target, overwrite=True)


def copy(source: str, target: str) -> None:
    """Copies a file, also from one file system to another; one of that name is replaced."""
    if not is_remote(source) and not is_remote(target):
        shutil.copyfile(source, target)
        return
    with _gfile(source if is_remote(source) else target) as gfile:
        gfile.copy(source, target, overwrite=True)


def remove(path: str) -> None:
    """Removes a file."""
    if not is_remote(path):
        os.remove(path)
        return
    with _gfile(path) as gfile:
        gfile.remove(path)


def remove_folder(path: str) -> None:
    """Removes a folder and all that it holds."""
    if not is_remote(path):
        shutil.rmtree(path)
        return
    with _gfile(path) as gfile:
        gfile.rmtree(path)


def make_folders(path: str) -> None:
    """Makes a folder and those above it, where they are missing."""
    if not is_remote(path):
        os.makedirs(path, exist_ok=True)
        return
    with _gfile(path) as gfile:
        gfile.makedirs(path)


def names_in(folder: str) -> list[str]:
    """The names of all files and folders in a folder, in any order."""
    if not is_remote(folder):
        return os.listdir(folder)
    with _gfile(folder) as gfile:  # of folders, object stores give names with a slash
        return [name.rstrip("/") for name in gfile.listdir(folder)]


def matching(folder: str, pattern: str) -> list[str]:
    """The paths of what a folder holds by names of a pattern, in any order, hidden files excepted.

    Endings may be in capitals, as cameras and tools of Windows write them. None where there is no
    folder.
    """
    names = names_in(folder) if is_folder(folder) else []
    wanted = _with_small_ending(pattern)
    found = [name for name in names if fnmatch.fnmatchcase(_with_small_ending(name), wanted)]
    return [os.path.join(folder, name) for name in found if not name.startswith(".")]


def _with_small_ending(name: str) -> str:
    stem, ending = os.path.splitext(name)
    return stem + ending.lower()


def expand(pattern: str) -> list[str]:
    """The paths that a pattern stands for; ** is any folders on the local disk, elsewhere as *."""
    if not is_remote(pattern):
        return glob.glob(pattern, recursive=True)
    with _gfile(pattern) as gfile:
        return gfile.glob(pattern)


def below(folder: str) -> list[str]:
    """The paths of all files below a folder, in any order, hidden files and folders excepted."""
    if not is_remote(folder):
        found = glob.glob(os.path.join(glob.escape(folder), "**", "*"), recursive=True)
        return [path for path in found if os.path.isfile(path)]
    with _gfile(folder) as gfile:
        every = [os.path.join(at, name) for at, _, names in gfile.walk(folder) for name in names]
    return [path for path in every if "/." not in path[len(folder) :]]


@contextlib.contextmanager
def _gfile(path: str) -> Iterator[Any]:
    """tf.io.gfile, whose errors become those that the operating system raises of a path."""
    import tensorflow as tf  # see above

    with written_by_tensorflow(path):
        yield tf.io.gfile


@contextlib.contextmanager
def written_by_tensorflow(path: str) -> Iterator[None]:
    """Makes TensorFlow's errors of a file, as of a full disk, those of the operating system."""
    import tensorflow as tf  # see above

    try:
        yield
    except tf.errors.OpError as error:
        number = _ERRNO.get(type(error).__name__, errno.EIO)
        reason = error.message.partition("\n")[0] or os.strerror(number)
        raise OSError(number, reason, path) from None
