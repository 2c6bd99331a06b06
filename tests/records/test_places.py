"""records.places: records read one by one, against whole shards."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.records.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.records.index import load_index
from boxsup_tf.records.places import places_of, record_at
from boxsup_tf.records.shards import read_records
from boxsup_tf.training.damaged_records import damaged_records_explained
from tests.records.numbered import write_records
from tests.records.three_records import three_records


def _read(folder: pathlib.Path, info: DatasetInfo, order: np.ndarray) -> list[bytes]:
    places = places_of(load_index(str(folder), info), info)
    paths = tf.constant(shard_paths(str(folder), info.num_shards))
    rows = tf.data.Dataset.from_tensor_slices(tuple(column[order] for column in places))
    read = rows.interleave(
        lambda shard, offset, size: record_at(paths[shard], offset, size), cycle_length=1
    )
    return list(read.as_numpy_iterator())


def test_any_order_gives_the_records_of_the_shards(tmp_path):
    info = write_records(tmp_path, three_records(), 2)
    stored = list(read_records(str(tmp_path)))
    for order in ([0, 1, 2], [2, 0], [1, 1, 1], [2]):
        assert _read(tmp_path, info, np.array(order)) == [stored[number] for number in order]


def test_damage_is_found_in_the_record_that_has_it(tmp_path):
    info = write_records(tmp_path, three_records(), 1)
    stored = list(read_records(str(tmp_path)))
    (path,) = shard_paths(str(tmp_path), 1)
    content = bytearray(pathlib.Path(path).read_bytes())
    content[16 + len(stored[0]) + 16 + 20] ^= 1  # in the second one
    pathlib.Path(path).write_bytes(content)
    assert _read(tmp_path, info, np.array([0, 2])) == [stored[0], stored[2]]
    with pytest.raises(tf.errors.DataLossError):
        _read(tmp_path, info, np.array([1]))


def test_a_shard_that_was_cut_meanwhile_is_no_end_of_the_data(tmp_path):
    info = write_records(tmp_path, three_records(), 1)
    places = places_of(load_index(str(tmp_path), info), info)
    (path,) = shard_paths(str(tmp_path), 1)
    with open(path, "r+b") as file:
        file.truncate(int(places.offsets[2]))
    rows = tf.data.Dataset.from_tensor_slices((places.offsets, places.sizes))
    read = rows.interleave(lambda offset, size: record_at(tf.constant(path), offset, size), 1)
    with (
        pytest.raises(InputError, match="train:box: a record is damaged or missing: .*expected"),
        damaged_records_explained("train:box"),
    ):
        list(read.as_numpy_iterator())
