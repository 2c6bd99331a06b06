"""records.shards: what is said of a shard that cannot be read."""

import os

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.records.dataset_info import shard_paths
from boxsup_tf.records.shards import read_records
from tests.records.numbered import write_numbered


def test_a_deleted_shard_of_a_finished_folder_is_found_missing(tmp_path):
    write_numbered(tmp_path)
    os.remove(shard_paths(str(tmp_path), 3)[1])
    with pytest.raises(InputError, match=r"data-00001-of-00003.tfrecord: shard not found"):
        list(read_records(str(tmp_path), 3))


def test_a_damaged_shard_is_named(tmp_path):
    write_numbered(tmp_path)
    path = shard_paths(str(tmp_path), 3)[2]
    with open(path, "r+b") as file:
        file.seek(500)
        file.write(b"damage")
    with pytest.raises(InputError, match=r"data-00002-of-00003.tfrecord: damaged TFRecord"):
        list(read_records(str(tmp_path), 3))
    with open(path, "r+b") as file:
        file.truncate(400)
    with pytest.raises(InputError, match="damaged TFRecord"):
        list(read_records(str(tmp_path), 3))
