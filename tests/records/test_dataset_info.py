"""records.dataset_info: dataset.json, and what is refused."""

import dataclasses
import json

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.records import dataset_info
from boxsup_tf.records.dataset_info import DatasetInfo, SkippedImage

_INFO = DatasetInfo(
    {"dataset": "voc", "split": "train"},
    ("background", "cat"),
    2,
    complete=True,
    num_images=3,
    shard_sizes=(0, 3),
    skipped=(SkippedImage(1, "cat 2", "scg failed: it is no cat"),),
)


def test_save_and_load(tmp_path):
    _INFO.save(str(tmp_path))
    assert DatasetInfo.load(str(tmp_path)) == _INFO
    assert dataset_info.load_complete(str(tmp_path)) == _INFO
    assert [path.name for path in tmp_path.iterdir()] == ["dataset.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "dataset.json: not found: expected a folder written by prepare_data.py"),
        ("{", "dataset.json: not a dataset.json"),
        ("[]", "dataset.json: not a dataset.json"),
        ("{}", "dataset.json: not a dataset.json .*format_version"),
        ('{"format_version": 3}', "dataset.json: not a dataset.json .*class_names"),
        ('{"format_version": 4}', "dataset.json: format version 4: expected 3$"),
    ],
)
def test_a_file_that_is_not_understood(tmp_path, text, message):
    if text is not None:
        (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(InputError, match=message):
        DatasetInfo.load(str(tmp_path))


def test_an_unknown_key_is_refused(tmp_path):
    values = dataclasses.asdict(_INFO) | {"invented": 1}
    (tmp_path / "dataset.json").write_text(json.dumps(values))
    with pytest.raises(InputError, match="invented"):
        DatasetInfo.load(str(tmp_path))


@pytest.mark.parametrize("version", [1, 2])
def test_pools_of_earlier_versions_are_to_be_generated_again(tmp_path, version):
    values = dataclasses.asdict(_INFO) | {"format_version": version}
    values["settings"]["method"] = "scg"
    (tmp_path / "dataset.json").write_text(json.dumps(values))
    with pytest.raises(
        InputError, match=f"version {version}: expected 3: generate the pools again, in a"
    ):
        DatasetInfo.load(str(tmp_path))


@pytest.mark.parametrize("version", [1, 2])
def test_prepared_data_of_earlier_versions_are_read(tmp_path, version):
    values = dataclasses.asdict(_INFO) | {"format_version": version}
    (tmp_path / "dataset.json").write_text(json.dumps(values))
    assert DatasetInfo.load(str(tmp_path)) == _INFO


def test_a_file_from_before_images_could_be_skipped(tmp_path):
    values = dataclasses.asdict(_INFO)
    del values["skipped"], values["shard_sizes"]
    (tmp_path / "dataset.json").write_text(json.dumps(values))
    loaded = DatasetInfo.load(str(tmp_path))
    assert loaded == dataclasses.replace(_INFO, skipped=(), shard_sizes=(1, 2))


@pytest.mark.parametrize("num_shards", [1, 3, 7])
@pytest.mark.parametrize("num_examples", [0, 1, 6, 20])
def test_even_sizes(num_examples, num_shards):
    sizes = dataset_info.even_sizes(num_examples, num_shards)
    assert (len(sizes), sum(sizes)) == (num_shards, num_examples)
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [({"complete": False}, "unfinished"), ({"num_images": 0, "shard_sizes": (0, 0)}, "empty")],
)
def test_load_complete_refuses(tmp_path, change, message):
    dataclasses.replace(_INFO, **change).save(str(tmp_path))
    with pytest.raises(InputError, match=message):
        dataset_info.load_complete(str(tmp_path))


def test_shard_paths_sort_in_order():
    paths = dataset_info.shard_paths("d", 12)
    assert len(paths) == 12 and paths == sorted(paths)


@pytest.mark.parametrize(
    "values",
    [
        {"complete": 1},
        {"num_candidates": True},
        {"repairs": {"empty box": 3}},
        {"num_shards": 10**8},
        {"num_shards": 0},
        {"num_shards": "2"},
        {"shard_sizes": [3]},
        {"shard_sizes": [1, 1]},
        {"shard_sizes": [-1, 4]},
        {"num_images": -3},
        {"num_boxes": 1.5},
        {"class_names": []},
        {"class_names": [1, 2]},
        {"class_names": None},
        {"settings": [1]},
        {"skipped": [{"index": 1}]},
        {"digest": 5},
    ],
)
def test_values_that_cannot_be(tmp_path, values):
    text = json.dumps(dataclasses.asdict(_INFO) | values)
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(InputError, match="dataset.json: not a dataset.json of this program"):
        DatasetInfo.load(str(tmp_path))


def test_a_value_of_another_type_is_named(tmp_path):
    text = json.dumps(dataclasses.asdict(_INFO) | {"class_names": ["background", 2]})
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(InputError, match=r"program: class_names\[1\] is 2: expected a text"):
        DatasetInfo.load(str(tmp_path))


def test_a_file_of_many_levels(tmp_path):
    (tmp_path / "dataset.json").write_text("[" * 200_000)
    with pytest.raises(InputError, match="dataset.json: not a dataset.json of this program"):
        DatasetInfo.load(str(tmp_path))
