"""What a user is told where a run's files cannot be written: mostly, that the disk is full."""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.models.checkpoint_state import newest_checkpoint

# What TensorFlow says of a file: {{node}} PATH; REASON [Op: ...
_TF_MESSAGE = re.compile(r"(?:\{\{.*?\}\} )?(.*?); (.*?)(?: \[Op:.*|\n.*)?$", re.DOTALL)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def full_disk_explained(model_dir: str) -> Iterator[None]:
    """Ends a run whose disk is full with one line, whichever of its files failed first.

    Raises:
        InputError: instead of any error of a full disk; see `write_failed`.
        OSError: TensorFlow does not know the folder's file system.
    """
    files.exists(model_dir)
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        if not _is_full(error):
            raise
        # Where a checkpoint has failed, TensorBoard's file is flushed next, and fails, too.
        first: BaseException | None = error
        while first and not isinstance(first, InputError):
            first = first.__context__
        raise first or write_failed(model_dir, error) from None


def write_failed(model_dir: str, error: OSError | tf.errors.OpError) -> InputError:
    """The error to raise where one of a run's files could not be written."""
    path, reason = _what_failed(error)
    room = ""
    if not files.is_remote(model_dir):
        room = f" ({shutil.disk_usage(model_dir).free / 1e6:.1f} MB free)"
    try:
        last = newest_checkpoint(model_dir)
        kept = f"the last checkpoint, {last}, is intact" if last else "there was no checkpoint yet"
    except InputError as damaged:
        kept = str(damaged)
    return InputError(
        f"{path or model_dir}: could not be written: {reason}{room}: {kept}; "
        "make room and give the same command again to go on"
    )


def _what_failed(error: OSError | tf.errors.OpError) -> tuple[str, str]:
    """Path (empty where it is not known) and reason."""
    if isinstance(error, OSError):
        return error.filename or "", error.strerror or str(error)
    match = _TF_MESSAGE.match(error.message)
    # A checkpoint comes about in CHECKPOINT_temp/.
    return (match[1].split("_temp/")[0], match[2]) if match else ("", error.message)


def _is_full(error: OSError | tf.errors.OpError) -> bool:
    if isinstance(error, OSError):
        return error.errno in _FULL
    return any(os.strerror(number) in error.message for number in _FULL)
