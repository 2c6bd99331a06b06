"""proposals.generate: pools beside every example, whoever computes them and however often."""

import concurrent.futures
import dataclasses
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf import fields
from boxsup_tf.data import dataset_info, records, writer
from boxsup_tf.data.example import decode_image
from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.generate import generate
from boxsup_tf.proposals.methods import scg
from boxsup_tf.proposals.subject import Subject

GRADIENT = scg.Options(edges="gradient")


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("shapes"))
    prepare(ShapesReader(7, seed=2, image_size=48), folder, 3)
    return folder


@pytest.fixture(scope="module")
def pools(examples, tmp_path_factory) -> str:
    """Written by two processes."""
    folder = str(tmp_path_factory.mktemp("pools") / "two")
    generate(examples, folder, "scg", GRADIENT, 2)
    return folder


def _files(folder: str | pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


def _in_this_process(monkeypatch) -> None:
    """Starting a process and its TensorFlow takes seconds; a thread computes the same."""
    monkeypatch.setattr(
        concurrent.futures,
        "ProcessPoolExecutor",
        lambda workers, *_: concurrent.futures.ThreadPoolExecutor(workers),
    )


def test_one_process_writes_the_same_bytes_as_two(examples, pools, tmp_path):
    generate(examples, str(tmp_path / "one"), "scg", GRADIENT, 1)
    assert _files(tmp_path / "one") == _files(pools)


def test_the_pool_read_back_is_the_pool_proposed(examples, pools):
    source = dataset_info.load_complete(examples)
    info = dataset_info.load_complete(pools)
    candidates = 0
    for before, after in zip(
        writer.read_records(examples, 3), writer.read_records(pools, 3), strict=True
    ):
        example = records.decode_example(before)
        expected = scg.propose(Subject(decode_image(example.encoded).numpy()), GRADIENT)
        pool = records.decode_pool(after)
        np.testing.assert_array_equal(pool.superpixels, expected.superpixels)
        np.testing.assert_array_equal(pool.membership, expected.membership)
        assert (pool.method, pool.one_per_box) == ("scg", False)
        candidates += pool.num_candidates
        # The example itself is as it was.
        kept = tf.train.Example.FromString(after)
        for name in list(kept.features.feature):
            if name.startswith("image/candidates"):
                del kept.features.feature[name]
        assert kept.SerializeToString(deterministic=True) == before
    assert info.num_candidates == candidates > 0
    assert (info.num_images, info.num_boxes, info.class_names, info.digest) == (
        source.num_images,
        source.num_boxes,
        source.class_names,
        source.digest,
    )
    assert info.settings["method"] == "scg" and info.settings["edges"] == "gradient"


def test_a_killed_run_goes_on_and_gives_the_same_bytes(examples, pools, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    folder = tmp_path / "resumed"
    folder.mkdir()
    whole = _files(pools)
    # What a kill in the middle of the second shard leaves behind.
    info = dataset_info.DatasetInfo.load(pools)
    unfinished = dataset_info.DatasetInfo(info.settings, info.class_names, info.num_shards)
    unfinished.save(str(folder))
    first, second, _ = (pathlib.Path(path).name for path in dataset_info.shard_paths("", 3))
    (folder / first).write_bytes(whole[first])
    (folder / f"{second}.123.tmp").write_bytes(whole[second][:100])
    stamp = (folder / first).stat().st_mtime_ns
    generate(examples, str(folder), "scg", GRADIENT, 1)
    assert _files(folder) == whole
    assert (folder / first).stat().st_mtime_ns == stamp, "a finished shard was made again"


def test_pools_are_replaced(examples, pools, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    direct, again = str(tmp_path / "direct"), str(tmp_path / "again")
    generate(examples, direct, "rectangle", GRADIENT, 1)
    generate(pools, again, "rectangle", GRADIENT, 1)
    pairs = zip(writer.read_records(direct, 3), writer.read_records(again, 3), strict=True)
    for one, other in pairs:
        assert one == other
        assert records.decode_pool(one).one_per_box
    assert dataset_info.load_complete(again).digest == dataset_info.load_complete(examples).digest


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("rectangle", GRADIENT, "method = 'scg': expected 'rectangle'"),
        ("scg", dataclasses.replace(GRADIENT, min_area=41), "min_area = 40: expected 41"),
        ("scg", dataclasses.replace(GRADIENT, sigma=2.0), "sigma = 1.0: expected 2.0"),
    ],
)
def test_output_of_other_settings_is_refused(
    examples, pools, method, options, message, monkeypatch
):
    _in_this_process(monkeypatch)
    before = _files(pools)
    with pytest.raises(InputError, match=message) as caught:
        generate(examples, pools, method, options, 1)
    assert pools in str(caught.value)
    assert _files(pools) == before


def test_output_of_another_dataset_is_refused(pools, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    prepare(ShapesReader(7, seed=3, image_size=48), str(tmp_path / "other"), 3)
    with pytest.raises(InputError, match="(seed = 2: expected 3|examples_digest = )"):
        generate(str(tmp_path / "other"), pools, "scg", GRADIENT, 1)


def test_the_input_is_no_output(examples, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(examples)
    before = _files(examples)
    for output in (examples, str(link)):
        with pytest.raises(InputError, match="is the input: expected another folder") as caught:
            generate(examples, output, "scg", GRADIENT, 1)
        assert f"--output_dir={output}" in str(caught.value)
    assert _files(examples) == before


def test_missing_and_unfinished_input(examples, tmp_path):
    with pytest.raises(InputError, match="nowhere/dataset.json: not found"):
        generate(str(tmp_path / "nowhere"), str(tmp_path / "out"), "scg", GRADIENT, 1)
    dataset_info.DatasetInfo({}, ("background", "cat"), 1).save(str(tmp_path))
    with pytest.raises(InputError, match="unfinished"):
        generate(str(tmp_path), str(tmp_path / "out"), "scg", GRADIENT, 1)
    with pytest.raises(InputError, match="--method=nothing"):
        generate(examples, str(tmp_path / "out"), "nothing", GRADIENT, 1)
    assert not (tmp_path / "out").exists()


def test_a_damaged_image_is_named_and_finished_shards_are_kept(examples, tmp_path):
    """With real processes: the error must find its way out of one."""
    serialized = list(writer.read_records(examples, 3))
    damaged = tf.train.Example.FromString(serialized[5])
    encoded = damaged.features.feature[fields.IMAGE_ENCODED].bytes_list
    encoded.value[0] = encoded.value[0][:60]
    name = damaged.features.feature[fields.IMAGE_FILENAME].bytes_list.value[0].decode()
    serialized[5] = damaged.SerializeToString(deterministic=True)
    info = dataset_info.DatasetInfo({"dataset": "damaged"}, ShapesReader.class_names, 7)
    bad, out = str(tmp_path / "bad"), tmp_path / "out"
    writer.write_dataset(bad, info, 7, lambda indices: [serialized[i] for i in indices], "bad")
    with pytest.raises(InputError, match=f"{name}: scg failed"):
        generate(bad, str(out), "scg", GRADIENT, 1)
    assert sorted(p.name for p in out.glob("*.tfrecord")) == [
        f"data-{i:05d}-of-00007.tfrecord" for i in range(5)
    ]
    assert not dataset_info.DatasetInfo.load(str(out)).complete
