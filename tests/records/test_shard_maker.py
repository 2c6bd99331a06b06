"""records.shard_maker: shards made by a runner are those that are made without."""

import functools
import os
import pathlib
import re
import threading
from collections.abc import Iterator

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.records import shard_maker
from boxsup_tf.records.dataset_info import DatasetInfo, SkippedImage, shard_paths
from boxsup_tf.records.example import Example
from boxsup_tf.records.records import encode_example
from boxsup_tf.records.shard_maker import Shard, make_shard
from boxsup_tf.records.shard_report import REPORT_ENDING
from boxsup_tf.records.writer import write_dataset
from boxsup_tf.workers.worker_pool import NoStart
from tests.data.tiny import jpeg
from tests.records.one_by_one import OneByOne

_CLASSES = ("background", "cat")
_NUM, _SHARDS = 10, 4  # of 2, 3, 2 and 3


def _records(
    indices: range, skipped: frozenset = frozenset(), bad: int = -1, stop_at: int = -1
) -> Iterator[bytes | SkippedImage]:
    for i in indices:
        if i == bad:
            raise InputError(f"id{i}: no image")
        if i == stop_at:
            raise KeyboardInterrupt
        if i in skipped:
            yield SkippedImage(i, f"id{i}", f"no good: {i}")
        else:
            yield encode_example(Example(f"id{i}", f"{i}.jpg", jpeg(i), 24, 32), _CLASSES)


def _write(folder, runner=None, digest=None, **options) -> DatasetInfo:
    info = DatasetInfo({"dataset": "test"}, _CLASSES, _SHARDS)
    make_records = functools.partial(_records, **options)
    return write_dataset(str(folder), info, _NUM, make_records, "test", digest, runner)


def _told(err: str) -> list[str]:
    return re.findall(r"skipped id\d: no good: \d", err)


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("digest", [None, "known"])
@pytest.mark.parametrize("skipped", [set(), {0}, {2, 3, 4}, {1, 5, 9}])
@pytest.mark.parametrize("order", [1, -1])
def test_the_folder_is_the_same(tmp_path, capsys, skipped, digest, order):
    here, there = tmp_path / "here", tmp_path / "there"
    expected = _write(here, digest=digest, skipped=frozenset(skipped))
    told = _told(capsys.readouterr().err)
    info = _write(there, OneByOne(order=order), digest, skipped=frozenset(skipped))
    assert info == expected
    assert _contents(there) == _contents(here)
    err = capsys.readouterr().err
    assert sorted(_told(err)) == told and len(told) == len(skipped)
    assert f"{_NUM}/{_NUM}" in err


@pytest.mark.parametrize("ends_after", range(_SHARDS))
def test_an_interrupted_run_goes_on_with_whole_shards(tmp_path, ends_after):
    here, there, skipped = tmp_path / "here", tmp_path / "there", frozenset({1, 4, 9})
    _write(here, skipped=skipped)
    with pytest.raises(KeyboardInterrupt):
        _write(there, OneByOne(ends_after), skipped=skipped)
    assert not DatasetInfo.load(str(there)).complete
    runner = OneByOne()
    _write(there, runner, skipped=skipped)
    assert runner.paths == shard_paths(str(there), _SHARDS)[ends_after:]
    assert _contents(there) == _contents(here)


def test_each_way_goes_on_with_what_the_other_began(tmp_path):
    here, there, skipped = tmp_path / "here", tmp_path / "there", frozenset({0, 2, 6, 8})
    _write(here, skipped=skipped)
    with pytest.raises(KeyboardInterrupt):
        _write(there, OneByOne(1), skipped=skipped)
    with pytest.raises(KeyboardInterrupt):  # within the second shard, behind one skipped
        _write(there, skipped=skipped, stop_at=4)
    with pytest.raises(KeyboardInterrupt):
        _write(there, OneByOne(1), skipped=skipped)
    with pytest.raises(KeyboardInterrupt):  # within the fourth
        _write(there, skipped=skipped, stop_at=9)
    _write(there, skipped=skipped)
    assert _contents(there) == _contents(here)


def test_a_bad_example_ends_the_run_and_whole_shards_stay(tmp_path):
    runner = OneByOne()
    with pytest.raises(InputError, match="^id5: no image$"):
        _write(tmp_path, runner, bad=5)
    first, *others = (pathlib.Path(path) for path in shard_paths(str(tmp_path), _SHARDS))
    assert first.exists() and others[0].exists() and not others[1].exists()
    assert not others[2].exists(), "begun although another had failed"
    assert not [name for name in os.listdir(tmp_path) if name.endswith((".part", ".error"))]
    _write(tmp_path, OneByOne())
    _write(tmp_path / "whole")
    assert (
        _contents(tmp_path / "whole").items()
        <= {
            name: path.read_bytes()
            for name in os.listdir(tmp_path)
            if (path := tmp_path / name).is_file()
        }.items()
    )


def test_a_process_that_cannot_start_is_left_to_the_cluster(tmp_path):
    """It may be that the machine is taken back; the shard can be made on another."""

    def no_memory(indices):
        raise NoStart("exit status 1")

    with pytest.raises(NoStart):
        make_shard(Shard(str(tmp_path / "shard"), range(3)), no_memory)
    assert os.listdir(tmp_path) == []


def test_what_a_run_that_was_killed_left_is_cleared_away(tmp_path):
    first, *_ = shard_paths(str(tmp_path), _SHARDS)
    for ending in (".error", ".123.part", REPORT_ENDING):
        pathlib.Path(first + ending).write_text("{")
    _write(tmp_path, OneByOne())
    assert {path.suffix for path in tmp_path.iterdir()} == {".tfrecord", ".json", ".npz"}
    assert not list(tmp_path.glob(f"*{REPORT_ENDING}"))


def test_a_shard_may_be_made_twice(tmp_path):
    shard = Shard(str(tmp_path / "shard"), range(3))
    make_shard(shard, functools.partial(_records, skipped=frozenset({1})))
    before = _contents(tmp_path)
    make_shard(shard, functools.partial(_records, bad=0))
    assert _contents(tmp_path) == before
    os.remove(shard.path)  # what is left of a worker that died at the last moment
    make_shard(shard, functools.partial(_records, skipped=frozenset({1})))
    assert _contents(tmp_path) == before


def test_shards_written_elsewhere_are_missed(tmp_path):
    class Elsewhere:
        def run(self, function, items) -> None:
            pass

    with pytest.raises(InputError, match="4 of 4 shards, .*folder that all of them see"):
        _write(tmp_path, Elsewhere())


def test_where_everything_fails_nothing_is_remembered(tmp_path):
    with pytest.raises(InputError, match="every one of 10 examples failed, .* id0: no good: 0"):
        _write(tmp_path, OneByOne(), skipped=frozenset(range(_NUM)))
    assert os.listdir(tmp_path) == ["dataset.json"]
    assert _write(tmp_path, OneByOne()).num_images == _NUM


def test_a_report_of_another_shard_is_not_believed(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        _write(tmp_path, OneByOne(2))
    first, second, *_ = shard_paths(str(tmp_path), _SHARDS)
    os.replace(second + REPORT_ENDING, first + REPORT_ENDING)
    assert _write(tmp_path, OneByOne()).shard_sizes == (2, 3, 2, 3)


def test_shards_are_told_of_while_the_runner_works(tmp_path, monkeypatch):
    monkeypatch.setattr(shard_maker, "_SECONDS_BETWEEN_LOOKS", 0.01)
    paths = [str(tmp_path / name) for name in "abc"]
    told = {path: threading.Event() for path in paths}

    class Waiting:
        def run(self, function, items) -> None:
            for shard in items:
                function(shard)
                assert told[shard.path].wait(60)

    shards = [Shard(path, range(i, i + 1)) for i, path in enumerate(paths)]
    reports = []

    def made(shard, report) -> None:
        reports.append((shard, [summary.source_id for summary in report.summaries]))
        told[shard.path].set()

    shard_maker.make_shards(Waiting(), shards, _records, made)
    assert reports == [(shard, [f"id{i}"]) for i, shard in enumerate(shards)]
