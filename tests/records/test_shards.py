"""records.shards: what is said of a shard that cannot be read."""

import os
import struct

import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.records.dataset_info import shard_paths
from boxsup_tf.records.index import load_index
from boxsup_tf.records.shards import read_range, read_records, read_shard
from tests.records.numbered import write_numbered


def test_a_deleted_shard_of_a_finished_folder_is_found_missing(tmp_path):
    write_numbered(tmp_path)
    os.remove(shard_paths(str(tmp_path), 3)[1])
    with pytest.raises(InputError, match=r"data-00001-of-00003.tfrecord: shard not found"):
        list(read_records(str(tmp_path)))


def test_a_damaged_shard_is_named(tmp_path):
    write_numbered(tmp_path)
    path = shard_paths(str(tmp_path), 3)[2]
    with open(path, "r+b") as file:
        file.seek(500)
        file.write(b"damage")
    with pytest.raises(InputError, match=r"data-00002-of-00003.tfrecord: damaged TFRecord"):
        list(read_records(str(tmp_path)))
    with open(path, "r+b") as file:
        file.truncate(400)
    with pytest.raises(InputError, match="damaged TFRecord"):
        list(read_records(str(tmp_path)))


@pytest.mark.parametrize("change", ["emptied", "cut", "longer"])
def test_a_shard_of_another_number_of_records_is_refused(tmp_path, change):
    """Whole records with right checksums, so that TensorFlow finds nothing wrong."""
    info = write_numbered(tmp_path)
    path = shard_paths(str(tmp_path), 3)[1]
    records = list(read_shard(path, info.shard_sizes[1]))
    kept = {"emptied": [], "cut": records[:-1], "longer": [*records, records[0]]}[change]
    with tf.io.TFRecordWriter(path) as writer:
        for record in kept:
            writer.write(record)
    found = len(kept) if change != "longer" else "more"
    message = rf"00001-of-00003.tfrecord: holds {found} records: expected {len(records)}"
    with pytest.raises(InputError, match=message):
        list(read_records(str(tmp_path)))
    with pytest.raises(InputError, match=message):
        list(read_range(str(tmp_path), info, range(info.num_images)))
    with pytest.raises(InputError, match=message):
        load_index(str(tmp_path), info)


def test_a_record_longer_than_its_file_is_refused_before_it_is_read(tmp_path):
    """TensorFlow would take the memory first."""
    write_numbered(tmp_path)
    path = shard_paths(str(tmp_path), 3)[0]
    with open(path, "r+b") as file:
        file.write(struct.pack("<Q", 2**33))
    with pytest.raises(InputError, match="00000-of-00003.tfrecord: .*a record of 8589934592 bytes"):
        list(read_records(str(tmp_path)))
