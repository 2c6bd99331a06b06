"""records.record_writer: what is written, and errors that name the file."""

import errno
import os

import pytest
import tensorflow as tf

from boxsup_tf.records.record_writer import record_writer


def test_records_come_back(tmp_path):
    path = str(tmp_path / "a.tfrecord")
    with record_writer(path) as write:
        for record in (b"one", b"", b"three"):
            write(record)
    assert list(tf.data.TFRecordDataset(path).as_numpy_iterator()) == [b"one", b"", b"three"]


def test_a_full_disk():
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    with pytest.raises(OSError, match="/dev/full") as caught, record_writer("/dev/full") as write:
        write(bytes(10**6))
    assert caught.value.errno == errno.ENOSPC and caught.value.filename == "/dev/full"


def test_a_folder_that_there_is_not(tmp_path):
    with pytest.raises(FileNotFoundError), record_writer(str(tmp_path / "no" / "a")):
        pass
