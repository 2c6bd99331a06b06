"""write_errors, of folders that are not on the local disk."""

import errno
import os

import pytest
import tensorflow as tf

from boxsup_tf.training.write_errors import full_disk_explained, write_failed


def test_a_local_disk_has_room_that_is_told(tmp_path):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a")
    assert " MB free): there was no checkpoint yet" in str(write_failed(str(tmp_path), error))
    message = str(write_failed("ram://write_errors", error))
    assert message.startswith("a: could not be written: No space left on device: there was no")


def test_the_last_checkpoint_is_named_also_where_the_file_that_names_it_is_damaged(tmp_path):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a")
    path = tf.train.Checkpoint(value=tf.Variable(1.0)).save(str(tmp_path / "ckpt"))
    for damage in (None, b"", b"model_checkpoint_path: 'ckpt-7'"):
        if damage is not None:
            (tmp_path / "checkpoint").write_bytes(damage)
        message = str(write_failed(str(tmp_path), error))
        assert f"the last checkpoint, {path}, is intact" in message
    (tmp_path / "ckpt-1.index").write_bytes(b"damaged")
    message = str(write_failed(str(tmp_path), error))
    assert message.startswith("a: could not be written") and f"{path} is damaged" in message


def test_a_file_system_that_tensorflow_does_not_know():
    with pytest.raises(OSError, match="not implemented"), full_disk_explained("nosuch://run"):
        raise AssertionError
