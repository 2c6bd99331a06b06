"""data.writer: shards that are whole or not there, and runs that go on."""

import os
from collections.abc import Iterator

import pytest

from boxsup_tf.data.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.data.example import Example
from boxsup_tf.data.records import decode_example, encode_example
from boxsup_tf.data.writer import read_records, write_dataset
from boxsup_tf.errors import InputError
from tests.data.tiny import jpeg

_CLASSES = ("background", "cat")
_NUM = 10


def _records(indices: range) -> Iterator[bytes]:
    for i in indices:
        yield encode_example(Example(f"id{i}", f"{i}.jpg", jpeg(i), 24, 32), _CLASSES)


def _info(num_shards: int = 3, **settings: object) -> DatasetInfo:
    return DatasetInfo({"dataset": "test"} | settings, _CLASSES, num_shards)


def _contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _ids(folder, num_shards: int) -> list[str]:
    return [decode_example(r).source_id for r in read_records(str(folder), num_shards)]


@pytest.mark.parametrize("num_shards", [1, 3, 10, 12])
def test_every_number_of_shards_holds_the_same(tmp_path, num_shards):
    info = write_dataset(str(tmp_path), _info(num_shards), _NUM, _records, "test")
    assert _ids(tmp_path, num_shards) == [f"id{i}" for i in range(_NUM)]
    assert (info.complete, info.num_images, info.num_boxes) == (True, _NUM, 0)
    assert info.num_images_with_boxes == info.num_images_with_masks == info.num_candidates == 0
    one = write_dataset(str(tmp_path / "one"), _info(1), _NUM, _records, "test")
    assert info.digest == one.digest


def test_an_interrupted_run_goes_on(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    write_dataset(str(whole), _info(), _NUM, _records, "test")

    def fail_at_5(indices: range) -> Iterator[bytes]:
        for i, record in zip(indices, _records(indices), strict=True):
            if i == 5:
                raise KeyboardInterrupt
            yield record

    with pytest.raises(KeyboardInterrupt):
        write_dataset(str(broken), _info(), _NUM, fail_at_5, "test")
    first, second, _ = (os.path.basename(path) for path in shard_paths("", 3))
    assert first in _contents(broken) and second not in _contents(broken)
    assert not DatasetInfo.load(str(broken)).complete
    assert any(path.suffix == ".tmp" for path in broken.iterdir())

    asked: list[int] = []

    def remember(indices: range) -> Iterator[bytes]:
        asked.extend(indices)
        return _records(indices)

    write_dataset(str(broken), _info(), _NUM, remember, "test")
    assert asked == list(range(3, _NUM))
    assert _contents(broken) == _contents(whole)

    asked.clear()
    write_dataset(str(broken), _info(), _NUM, remember, "test")
    assert asked == []


def test_a_deleted_shard_of_a_finished_folder_is_found_missing(tmp_path):
    write_dataset(str(tmp_path), _info(), _NUM, _records, "test")
    os.remove(shard_paths(str(tmp_path), 3)[1])
    with pytest.raises(InputError, match=r"data-00001-of-00003.tfrecord: shard not found"):
        list(read_records(str(tmp_path), 3))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (_info(split="val"), "split = None: expected 'val'"),
        (_info(4), "num_shards = 3: expected 4"),
        (DatasetInfo({"dataset": "test"}, ("background", "dog"), 3), "class_names = "),
    ],
)
def test_a_folder_with_other_settings_is_left_alone(tmp_path, other, message):
    write_dataset(str(tmp_path), _info(), _NUM, _records, "test")
    before = _contents(tmp_path)
    with pytest.raises(InputError, match=f"holds a dataset with {message}"):
        write_dataset(str(tmp_path), other, _NUM, _records, "test")
    assert _contents(tmp_path) == before


def test_a_source_id_twice_is_refused(tmp_path):
    def twice(indices: range) -> Iterator[bytes]:
        return _records(range(0, len(indices)))

    with pytest.raises(InputError, match="two images have the source id 'id0'"):
        write_dataset(str(tmp_path), _info(2), _NUM, twice, "test")


def test_a_damaged_shard_is_named(tmp_path):
    write_dataset(str(tmp_path), _info(), _NUM, _records, "test")
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
