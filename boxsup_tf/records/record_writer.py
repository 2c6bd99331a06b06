"""Writes a TFRecord file whose errors, as of a full disk, name it."""

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf

from boxsup_tf.io.files import written_by_tensorflow


@contextlib.contextmanager
def record_writer(path: str) -> Iterator[Callable[[bytes], None]]:
    """Opens a file of records; gives a function that adds one.

    Raises:
        OSError: the file cannot be written.
    """
    with written_by_tensorflow(path):
        writer = tf.io.TFRecordWriter(path)

    def write(record: bytes) -> None:
        with written_by_tensorflow(path):
            writer.write(record)

    try:
        yield write
    except BaseException:
        with contextlib.suppress(tf.errors.OpError):  # which would hide the first
            writer.close()
        raise
    with written_by_tensorflow(path):
        writer.close()
