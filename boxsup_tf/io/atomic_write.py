"""Files that appear whole or not at all."""

import contextlib
import io
import os
from collections.abc import Iterator
from typing import IO, Any

from boxsup_tf.io import files


@contextlib.contextmanager
def atomic_write(path: str, mode: str = "w") -> Iterator[IO[Any]]:
    """Opens a file for writing that takes its name when the block ends.

    A block that fails leaves what was there before. Where renaming is not what makes a file appear
    whole, as on object stores, it is kept in memory and written at once.

    Args:
        path: of the file; one of that name is replaced.
        mode: `w` for text, in UTF-8, or `wb`.

    Raises:
        OSError: as of `open`, or the disk is full; it names `path`.
    """
    if files.is_remote(path):
        buffer = io.BytesIO()
        text = None if "b" in mode else io.TextIOWrapper(buffer, "utf-8", write_through=True)
        yield text or buffer
        files.write(path, buffer.getvalue())
        return
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
        os.replace(temporary, path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename in (None, temporary):
            error.filename = path  # a full disk names no file
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
        raise
