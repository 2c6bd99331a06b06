"""write_errors, of folders that are not on the local disk."""

import errno
import os

import pytest

from boxsup_tf.training.write_errors import full_disk_explained, write_failed


def test_a_local_disk_has_room_that_is_told(tmp_path):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a")
    assert " MB free): there was no checkpoint yet" in str(write_failed(str(tmp_path), error))
    message = str(write_failed("ram://write_errors", error))
    assert message.startswith("a: could not be written: No space left on device: there was no")


def test_a_file_system_that_tensorflow_does_not_know():
    with pytest.raises(OSError, match="not implemented"), full_disk_explained("nosuch://run"):
        raise AssertionError
