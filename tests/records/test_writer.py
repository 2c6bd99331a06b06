"""records.writer: shards that are whole or not there, and runs that go on."""

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.records.dataset_info import DatasetInfo, SkippedImage, shard_paths
from boxsup_tf.records.example import Example
from boxsup_tf.records.records import decode_example, encode_example
from boxsup_tf.records.shards import read_range, read_records
from boxsup_tf.records.writer import write_dataset
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


def _ids(folder) -> list[str]:
    return [decode_example(r).source_id for r in read_records(str(folder))]


@pytest.mark.parametrize("num_shards", [1, 3, 10, 12])
def test_every_number_of_shards_holds_the_same(tmp_path, num_shards):
    info = write_dataset(str(tmp_path), _info(num_shards), _NUM, _records, "test")
    assert _ids(tmp_path) == [f"id{i}" for i in range(_NUM)]
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
    assert asked == list(range(5, _NUM)), "of the second shard, two records were there"
    assert _contents(broken) == _contents(whole)

    asked.clear()
    write_dataset(str(broken), _info(), _NUM, remember, "test")
    assert asked == []


def _skipping(skipped: set[int], stop_at: int = _NUM) -> Callable:
    """Makes all records but some; is killed at one, or at none."""

    def make(indices: range) -> Iterator[bytes | SkippedImage]:
        for i, record in zip(indices, _records(indices), strict=True):
            if i == stop_at:
                raise KeyboardInterrupt
            yield SkippedImage(i, f"id{i}", f"no good: {i}") if i in skipped else record

    return make


@pytest.mark.parametrize("skipped", [{4, 5}, {3, 4, 5}, {0, 1, 2, 6, 9}])
def test_what_is_skipped_is_remembered(tmp_path, capsys, skipped):
    info = write_dataset(str(tmp_path), _info(), _NUM, _skipping(skipped), "test", "digest")
    kept = [i for i in range(_NUM) if i not in skipped]
    assert _ids(tmp_path) == [f"id{i}" for i in kept]
    assert (info.num_images, sum(info.shard_sizes)) == (len(kept), len(kept))
    expected = tuple(SkippedImage(i, f"id{i}", f"no good: {i}") for i in sorted(skipped))
    assert info.skipped == expected and info.digest != "digest"
    reported = capsys.readouterr().err
    for image in expected:
        assert f"skipped {image.source_id}: {image.reason}" in reported
    again = write_dataset(str(tmp_path), _info(), _NUM, _skipping(set()), "test")
    assert again == info == DatasetInfo.load(str(tmp_path))
    # Every range is read back from shards of uneven sizes.
    for first, last in [(0, 1), (0, len(kept)), (1, 4), (2, 3), (3, 5), (4, 5), (2, 2)]:
        found = read_range(str(tmp_path), info, range(first, last))
        ids = [decode_example(record).source_id for record in found]
        assert ids == [f"id{i}" for i in kept[first:last]]


@pytest.mark.parametrize("skipped", [{4}, {3, 4, 5}])
@pytest.mark.parametrize("stop_at", range(2, 8))
def test_a_run_that_is_killed_anywhere_goes_on_with_what_was_skipped(tmp_path, skipped, stop_at):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    write_dataset(str(whole), _info(), _NUM, _skipping(skipped), "test")
    with pytest.raises(KeyboardInterrupt):
        write_dataset(str(broken), _info(), _NUM, _skipping(skipped, stop_at), "test")
    with contextlib.suppress(KeyboardInterrupt):
        write_dataset(str(broken), _info(), _NUM, _skipping(skipped, stop_at + 1), "test")
    write_dataset(str(broken), _info(), _NUM, _skipping(skipped), "test")
    assert _contents(broken) == _contents(whole)


def test_an_example_that_can_be_made_the_second_time_is_skipped_no_longer(tmp_path):
    """The third was skipped, then the run killed with nothing of its shard on the disk."""
    write_dataset(str(tmp_path / "whole"), _info(), _NUM, _records, "test")
    folder = tmp_path / "folder"
    with pytest.raises(KeyboardInterrupt):
        write_dataset(str(folder), _info(), _NUM, _skipping({2}, 3), "test")
    for path in folder.glob("data-*"):
        path.unlink()
    assert [image.index for image in DatasetInfo.load(str(folder)).skipped] == [2]
    write_dataset(str(folder), _info(), _NUM, _records, "test")
    assert _contents(folder) == _contents(tmp_path / "whole")


def test_where_everything_fails_nothing_is_remembered(tmp_path):
    everything = set(range(_NUM))
    with pytest.raises(InputError, match="every one of 10 examples failed, .* id0: no good: 0"):
        write_dataset(str(tmp_path), _info(), _NUM, _skipping(everything), "test")
    info = write_dataset(str(tmp_path), _info(), _NUM, _skipping({2}), "test")
    assert (info.num_images, len(info.skipped)) == (9, 1)


def test_a_shard_of_another_length_is_found(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_dataset(str(tmp_path), _info(), _NUM, _skipping(set(), 5), "test")
    with tf.io.TFRecordWriter(shard_paths(str(tmp_path), 3)[0]) as writer:
        writer.write(next(_records(range(1))))
    with pytest.raises(InputError, match="8 examples and 0 skipped: expected 10 in all"):
        write_dataset(str(tmp_path), _info(), _NUM, _records, "test")


def test_settings_that_json_changes_are_still_the_same(tmp_path):
    made = [
        write_dataset(str(tmp_path), _info(methods=("a", "b"), x=0.1), _NUM, _records, "test")
        for _ in range(2)
    ]
    assert made[0].num_images == made[1].num_images
    with pytest.raises(InputError, match=r"methods = \['a', 'b'\]: expected \['b', 'a'\]"):
        write_dataset(str(tmp_path), _info(methods=("b", "a"), x=0.1), _NUM, _records, "test")


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


def test_a_shard_that_is_gone_is_made_again(tmp_path, capsys):
    write_dataset(str(tmp_path), _info(), _NUM, _skipping({2}), "test")
    before = _contents(tmp_path)
    os.remove(shard_paths(str(tmp_path), 3)[0])
    info = write_dataset(str(tmp_path), _info(), _NUM, _skipping({2}), "test")
    assert _contents(tmp_path) == before and len(info.skipped) == 1
    assert "1 of 3 shards are gone: made again" in capsys.readouterr().out


def test_settings_that_made_nothing_bind_nothing(tmp_path):
    def refuse(indices: range) -> Iterator[bytes]:
        raise InputError("id0: no good")

    with pytest.raises(InputError, match="no good"):
        write_dataset(str(tmp_path), _info(wrong=True), _NUM, refuse, "test")
    info = write_dataset(str(tmp_path), _info(2), _NUM, _records, "test")
    assert info.complete and "wrong" not in info.settings
    # Not so where anything was made.
    with pytest.raises(KeyboardInterrupt):
        write_dataset(str(tmp_path / "other"), _info(wrong=True), _NUM, _skipping(set(), 2), "test")
    with pytest.raises(InputError, match="holds a dataset with wrong = True"):
        write_dataset(str(tmp_path / "other"), _info(), _NUM, _records, "test")
