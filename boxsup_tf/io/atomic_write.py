"""Files that appear whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from typing import IO, Any

from boxsup_tf.io import files


@contextlib.contextmanager
def atomic_write(path: str, mode: str = "w") -> Iterator[IO[Any]]:
    """Opens a file for writing that takes its name when the block ends.

    A block that fails leaves what was there before. An object store has no renaming, but TensorFlow
    copies there, and a copy appears whole, too.

    Args:
        path: of the file; one of that name is replaced.
        mode: `w` for text, in UTF-8, or `wb`.

    Raises:
        OSError: as of `open`, or the disk is full; it names `path`.
    """
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with files.create(temporary, mode) as file:
            yield file
        files.replace(temporary, path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename in (None, temporary):
            error.filename = path  # a full disk names no file
        with contextlib.suppress(OSError):
            files.remove(temporary)
        raise
