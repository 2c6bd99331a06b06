"""A folder of the local disk that one process at a time works in."""

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator

from boxsup_tf.errors import InputError

LOCK_FILE = "lock"


@contextlib.contextmanager
def folder_lock(folder: str, flag: str) -> Iterator[None]:
    """Keeps others out of a folder until the block, or this process, ends, however it ends.

    The file stays behind: it says who was there last, and holds nobody off. Where the file system
    knows no locks, nobody is held off either.

    Args:
        folder: on the local disk, there already.
        flag: that names it, for the message.

    Raises:
        InputError: another process is in it; the message says which one, and since when.
    """
    path = os.path.join(folder, LOCK_FILE)
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise InputError(
                f"{flag}={folder}: in use by {holder}: expected to be the only one; wait for it, "
                f"or choose another {flag}"
            ) from None
        except OSError:
            pass
        file.truncate(0)
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        file.write(f"process {os.getpid()} on {socket.gethostname()} since {since}\n")
        file.flush()
        yield
