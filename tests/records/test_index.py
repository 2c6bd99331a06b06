"""records.index: what it says of each record, and that it is that of the shards beside it."""

import dataclasses
import os

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.records import index as index_module
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import shard_paths
from boxsup_tf.records.index import INDEX_FILE, Index, Summary, load_index, summarize
from boxsup_tf.records.shards import read_records
from tests.records.examples import POOL
from tests.records.numbered import write_numbered, write_records
from tests.records.three_records import three_records

_SIZES = list(map(len, three_records()))
_SUMMARIES = [
    Summary("set/é_1", 24, 32, 4, 1, 2, 1, True, 5, False, 24, 32, _SIZES[0]),
    Summary("b", 24, 32, 0, 0, 0, 0, False, -1, False, -1, -1, _SIZES[1]),
    Summary("c", 24, 32, -1, 0, 0, 0, True, -1, False, -1, -1, _SIZES[2]),
]


@pytest.fixture
def folder(tmp_path):
    write_numbered(tmp_path)
    return tmp_path


def _never(*_):
    raise AssertionError("the records were read")


def test_summaries():
    assert [summarize(record) for record in three_records()] == _SUMMARIES
    one_per_box = records.add_pool(three_records()[1], dataclasses.replace(POOL, one_per_box=True))
    assert summarize(one_per_box)[-6:-1] == (False, 5, True, 24, 32)


def test_the_written_index_is_that_of_the_records(tmp_path, monkeypatch):
    info = write_records(tmp_path, three_records(), 2)
    assert (info.num_boxes, info.num_ignored_boxes, info.num_candidates) == (4, 1, 5)
    assert (info.num_images_with_boxes, info.num_images_with_masks) == (2, 2)
    monkeypatch.setattr(index_module, "read_shard", _never)
    index = load_index(str(tmp_path), info)
    assert list(index) == _SUMMARIES and index[1] == _SUMMARIES[1] and len(index) == 3
    assert [index[0].num_objects(with_difficult) for with_difficult in (True, False)] == [2, 1]
    some = index.where(index.table["has_mask"])
    assert list(some) == [_SUMMARIES[0], _SUMMARIES[2]] and some.positions.tolist() == [0, 2]


def test_an_index_of_nothing():
    assert list(Index.of([])) == []


def _remove(path: str) -> None:
    os.remove(path)


def _cut(path: str) -> None:
    os.truncate(path, os.path.getsize(path) // 2)


def _damage(path: str) -> None:
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 3)
        file.write(bytes(40))


def _of_another_folder(path: str) -> None:
    with np.load(path) as file:
        content = dict(file)
    np.savez(path, **{**content, "digest": np.array("another")})


def _of_another_version(path: str) -> None:
    with np.load(path) as file:
        content = dict(file)
    table = content["table"][["source_id", "height", "width"]]
    np.savez(path, **{**content, "table": table})


def _changed(path: str) -> None:
    with np.load(path) as file:
        content = dict(file)
    content["table"]["num_boxes"][3] = 7
    np.savez_compressed(path, **content)


def _short(path: str) -> None:
    with np.load(path) as file:
        content = dict(file)
    np.savez_compressed(path, **{**content, "table": content["table"][:-1]})


def _bomb(path: str) -> None:
    with np.load(path) as file:
        content = dict(file)
    np.savez_compressed(path, **content, more=np.zeros(10**7))


def _pickled(path: str) -> None:
    np.savez(path, table=np.array([object()]), allow_pickle=True)


@pytest.mark.parametrize(
    "spoil",
    [
        *(_remove, _cut, _damage, _of_another_folder, _of_another_version, _pickled),
        *(_changed, _short, _bomb),
    ],
)
def test_an_index_that_is_missing_or_stale_is_made_again(folder, monkeypatch, spoil):
    path = folder / INDEX_FILE
    written, info = path.read_bytes(), write_numbered(folder)
    spoil(str(path))
    assert [summary.source_id for summary in load_index(str(folder), info)] == [
        f"id{i}" for i in range(10)
    ]
    assert path.read_bytes() == written
    monkeypatch.setattr(index_module, "read_shard", _never)
    load_index(str(folder), info)


def test_a_folder_that_cannot_be_written_to_is_read_each_time(folder, capsys):
    os.remove(folder / INDEX_FILE)
    (folder / INDEX_FILE).mkdir()  # no file can take that name, whoever runs the tests
    for _ in range(2):
        assert len(load_index(str(folder), write_numbered(folder))) == 10
        assert "10/10" in capsys.readouterr().err
    assert not list(folder.glob("*.tmp"))


@pytest.mark.parametrize("has_index", [True, False])
def test_a_shard_that_lost_a_record_is_named(folder, has_index):
    """Cut between two records, a shard reads without an error."""
    info = write_numbered(folder)
    path = shard_paths(str(folder), 3)[1]
    rest = list(read_records(str(folder)))[3:5]
    with tf.io.TFRecordWriter(path) as writer:
        for record in rest:
            writer.write(record)
    if not has_index:
        os.remove(folder / INDEX_FILE)
    with pytest.raises(InputError, match=r"data-00001-of-00003.*: holds 2 records: expected 3"):
        load_index(str(folder), info)


def test_a_missing_shard_is_named(folder):
    info = write_numbered(folder)
    os.remove(shard_paths(str(folder), 3)[2])
    with pytest.raises(InputError, match=r"data-00002-of-00003.tfrecord: shard not found"):
        load_index(str(folder), info)
