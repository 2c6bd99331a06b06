"""What a user is told where a training reads records that are damaged."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError, first_line
from boxsup_tf.pools.pool_ops import DAMAGED_POOL

# In what TensorFlow says of `places.record_at`, and of whatever fails while a record is read.
_TOO_FEW, _READ = "was expected to contain", "IteratorGetNext"


@contextlib.contextmanager
def damaged_records_explained(folders: str) -> Iterator[None]:
    """Ends a run with one line where a record has another checksum, no whole pool, or is missing.

    Args:
        folders: from which records are read, for the message.

    Raises:
        InputError: instead of TensorFlow's error of a record.
    """
    try:
        yield
    except (
        tf.errors.DataLossError,
        tf.errors.FailedPreconditionError,
        tf.errors.InvalidArgumentError,
        tf.errors.NotFoundError,
    ) as error:
        signs = DAMAGED_POOL, _TOO_FEW, _READ
        if not isinstance(error, tf.errors.DataLossError) and not any(
            sign in error.message for sign in signs
        ):
            raise
        if isinstance(error, tf.errors.NotFoundError):
            raise InputError(
                f"{first_line(error)}: a file that this run reads is gone: expected it to stay; "
                "give the same command again"
            ) from None
        raise InputError(
            f"{folders}: a record is damaged or missing: {first_line(error)}; copy the shards "
            "again, or make the data set again in a new folder"
        ) from None
