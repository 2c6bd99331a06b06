"""What libraries do on the local disk alone, for files that are elsewhere.

On the local disk everything here hands out the very path that it is given.
"""

import contextlib
import errno
import io
import os
import tempfile
from collections.abc import Iterator

from boxsup_tf.io import files


def readable(path: str) -> str | io.BytesIO:
    """What Pillow, NumPy and h5py read a file from: its path, or all of it in memory.

    Raises:
        OSError: it is not on the local disk, and cannot be read.
    """
    return io.BytesIO(files.read(path)) if files.is_remote(path) else path


@contextlib.contextmanager
def local_copy(path: str) -> Iterator[str]:
    """The path of a file for libraries that take nothing else: its own, or a copy's.

    Raises:
        OSError: it is not on the local disk, and cannot be read.
    """
    if not files.is_remote(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as scratch:
        copy = os.path.join(scratch, os.path.basename(path))  # libraries look at the ending
        files.copy(path, copy)
        yield copy


@contextlib.contextmanager
def on_local_disk(folder: str) -> Iterator[str]:
    """The folder itself, or in its place a temporary one that goes when the block ends."""
    if not files.is_remote(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield scratch


def move_folder(source: str, target: str) -> None:
    """Moves a folder from the local disk, or on it.

    On the local disk it takes its name at once. Elsewhere its files are copied, those of folders
    in it first, so that what lies at its top and is last in the alphabet tells that it is whole.

    Args:
        source: on the local disk.
        target: anywhere, and on the same disk if it is a local one.

    Raises:
        OSError: the target is there already, or cannot be written.
    """
    if not files.is_remote(target):
        os.rename(source, target)
        return
    if files.exists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    for folder, _, names in os.walk(source, topdown=False):
        there = os.path.normpath(os.path.relpath(folder, source))
        copies = target if there == os.curdir else os.path.join(target, there)
        files.make_folders(copies)
        for name in sorted(names):
            files.copy(os.path.join(folder, name), os.path.join(copies, name))
