"""proposals.generate: pools beside every example, whoever computes them and however often."""

import dataclasses
import pathlib
import re
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import generate as generate_module
from boxsup_tf.proposals import methods, registry
from boxsup_tf.proposals.generate import count_rectangles, generate
from boxsup_tf.proposals.methods import rectangle, scg
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records import dataset_info, index, keys, records, shards, writer
from boxsup_tf.records.example import decode_image
from tests.conftest import REPOSITORY
from tests.proposals.extra_methods import misbehaving
from tests.proposals.in_this_process import InThisProcess
from tests.proposals.noise import noise_folder

GRADIENT = scg.Options(edges="gradient", sigma=1.0, min_area=40)


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
    monkeypatch.setattr(generate_module, "WorkerPool", InThisProcess)


def test_one_process_writes_the_same_bytes_as_two(examples, pools, tmp_path):
    generate(examples, str(tmp_path / "one"), "scg", GRADIENT, 1)
    assert _files(tmp_path / "one") == _files(pools)


def test_the_pool_read_back_is_the_pool_proposed(examples, pools):
    source = dataset_info.load_complete(examples)
    info = dataset_info.load_complete(pools)
    candidates = 0
    for before, after in zip(
        shards.read_records(examples), shards.read_records(pools), strict=True
    ):
        example = records.decode_example(before)
        expected = scg.propose(ProposalInput(decode_image(example.encoded).numpy()), GRADIENT)
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
    pairs = zip(shards.read_records(direct), shards.read_records(again), strict=True)
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


def test_a_union_goes_on_with_the_same_options_of_its_methods(examples, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)

    def united(**given: object) -> object:
        methods = {"methods": ["scg", "grabcut"], "edges": "gradient"}
        return registry.make_options("union", {**methods, **given})

    folder = str(tmp_path)
    info = generate(examples, folder, "union", united(), 1)
    assert info.settings["options"]["grabcut"]["iterations"] == 2
    with pytest.raises(
        InputError, match="options = .*'iterations': 2.*: expected .*'iterations': 3"
    ):
        generate(examples, folder, "union", united(iterations=3), 1)
    assert generate(examples, folder, "union", united(), 1) == info


def test_a_union_of_an_earlier_version_goes_on_with_the_defaults(examples, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    folder = str(tmp_path)
    default = registry.make_options("union", {"methods": ["rectangle", "grabcut"]})
    info = generate(examples, folder, "union", default, 1)
    kept = {name: value for name, value in info.settings.items() if name != "options"}
    dataclasses.replace(info, settings=kept).save(folder)
    pathlib.Path(dataset_info.shard_paths(folder, 3)[1]).unlink()
    assert generate(examples, folder, "union", default, 1).settings == kept
    # Of one that was never complete nobody knows which edges its pools are of.
    dataclasses.replace(info, settings=kept, complete=False).save(folder)
    with pytest.raises(InputError, match="options = None: expected"):
        generate(examples, folder, "union", default, 1)
    dataclasses.replace(info, settings=kept).save(folder)
    values = {"methods": ["rectangle", "grabcut"], "iterations": 3}
    with pytest.raises(InputError, match="options = None: expected"):
        generate(examples, folder, "union", registry.make_options("union", values), 1)


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


@pytest.fixture
def misbehaves(monkeypatch) -> str:
    """The method `misbehaving`, known to this process and to those that it starts."""
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, misbehaving.FOLDER])
    monkeypatch.syspath_prepend(REPOSITORY)
    return "misbehaving"


NAMES = ["a", "raise-1", "b", "kill-2", "c", "d", "empty-3", "e", "f", "raise-4"]
REASONS = {
    "raise-1": r"misbehaving failed: KeyError at misbehaving.py:\d+: 'raise-1.png'",
    "kill-2": "misbehaving failed: it ended its process twice, the second time alone: SIGKILL",
    "empty-3": "misbehaving failed: matmul: Input operand 1 has a mismatch",
    "raise-4": r"misbehaving failed: KeyError at misbehaving.py:\d+: 'raise-4.png'",
}
KEPT = [name for name in NAMES if name not in REASONS]


def _ids(folder: str | pathlib.Path, num_shards: int) -> list[str]:
    read = shards.read_records(str(folder))
    return [index.summarize(serialized).source_id for serialized in read]


def test_bad_images_and_dying_processes_cost_those_images_alone(
    misbehaves, tmp_path, capfd, monkeypatch
):
    """With a real process that is killed, as is the one that takes its place."""
    source, out = noise_folder(tmp_path / "in", NAMES, 3), str(tmp_path / "out")
    info = generate(source, out, misbehaves, misbehaving.Options(), 1)
    assert _ids(out, 3) == KEPT
    assert (info.num_images, info.num_boxes, info.num_candidates) == (6, 6, 6)
    assert info.shard_sizes == (2, 2, 2)
    assert [image.source_id for image in info.skipped] == list(REASONS)
    reported = capfd.readouterr().err
    for image in info.skipped:
        assert re.search(REASONS[image.source_id], image.reason)
        assert NAMES[image.index] == image.source_id
        assert f"skipped {image.source_id}: {image.reason}" in reported
    # The same command again tells again what was skipped.
    _in_this_process(monkeypatch)
    assert generate(source, out, misbehaves, misbehaving.Options(), 1) == info
    # It is another dataset now, which a training must not take for the first.
    assert info.digest != dataset_info.load_complete(source).digest
    # Its shards are uneven; they are input all the same.
    again = generate(out, str(tmp_path / "again"), "rectangle", rectangle.Options(), 1)
    assert _ids(tmp_path / "again", 3) == KEPT and again.digest == info.digest


@pytest.fixture
def harmless(misbehaves, monkeypatch) -> str:
    _in_this_process(monkeypatch)
    monkeypatch.setattr(misbehaving.os, "kill", lambda *_: exec("raise KeyError('kill')"))
    return misbehaves


def test_a_run_that_is_killed_still_knows_what_was_skipped(harmless, tmp_path, monkeypatch):
    source = noise_folder(tmp_path / "in", NAMES, 2)
    whole, broken = str(tmp_path / "whole"), str(tmp_path / "broken")
    generate(source, whole, harmless, misbehaving.Options(), 1)
    handed: list[bytes] = []

    class Killed(InThisProcess):
        def map(self, items: Iterable) -> Iterator[tuple]:
            for pair in super().map(items):
                if len(handed) == 8:  # in the second shard, behind one more that is skipped
                    raise KeyboardInterrupt
                handed.append(pair[0])
                yield pair

    with monkeypatch.context() as patch:
        patch.setattr(generate_module, "WorkerPool", Killed)
        with pytest.raises(KeyboardInterrupt):
            generate(source, broken, harmless, misbehaving.Options(), 1)
    assert not dataset_info.DatasetInfo.load(broken).complete
    info = generate(source, broken, harmless, misbehaving.Options(), 1)
    assert [image.source_id for image in info.skipped] == list(REASONS)
    assert _files(broken) == _files(whole)


def test_strict_stops_at_the_first_and_keeps_what_was_computed(harmless, tmp_path):
    names = ["a", "b", "c", "raise-1", "d"]
    source, out = noise_folder(tmp_path / "in", names, 1), str(tmp_path / "out")
    with pytest.raises(InputError, match="in: raise-1: misbehaving failed: KeyError"):
        generate(source, out, harmless, misbehaving.Options(), 1, strict=True)
    (leftover,) = pathlib.Path(out).glob("*.tmp")
    assert len(list(tf.data.TFRecordDataset(str(leftover)))) == 3
    computed = []
    with pytest.MonkeyPatch.context() as patch:
        real = records.add_pool
        patch.setattr(records, "add_pool", lambda s, p: computed.append(s) or real(s, p))
        info = generate(source, out, harmless, misbehaving.Options(), 1)
    assert (len(computed), info.num_images, len(info.skipped)) == (1, 4, 1)
    assert not list(pathlib.Path(out).glob("*.tmp"))
    with pytest.raises(InputError, match="an earlier run skipped images .1.* expected none"):
        generate(source, out, harmless, misbehaving.Options(), 1, strict=True)


def test_strict_where_all_is_well(examples, pools, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    generate(examples, str(tmp_path), "scg", GRADIENT, 1, strict=True)
    assert _files(tmp_path) == _files(pools)


def test_a_method_that_always_fails_can_be_mended_and_run_again(harmless, tmp_path):
    source = noise_folder(tmp_path / "in", ["raise-1", "raise-2", "empty-3"], 2)
    out = str(tmp_path / "out")
    with pytest.raises(InputError, match="every one of 3 examples failed, the first, raise-1: mis"):
        generate(source, out, harmless, misbehaving.Options(), 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "get_method", lambda name: MendedMethod)
        info = generate(source, out, harmless, misbehaving.Options(), 1)
    assert (info.num_images, info.skipped) == (3, ())


class MendedMethod:
    @staticmethod
    def propose(inputs, options):
        return misbehaving.propose(inputs, misbehaving.Options(mended=True))


def test_a_damaged_image_is_skipped(examples, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    serialized = list(shards.read_records(examples))
    damaged = tf.train.Example.FromString(serialized[5])
    encoded = damaged.features.feature[keys.IMAGE_ENCODED].bytes_list
    encoded.value[0] = encoded.value[0][:60]
    serialized[5] = damaged.SerializeToString(deterministic=True)
    info = dataset_info.DatasetInfo({"dataset": "damaged"}, ShapesReader.class_names, 7)
    bad, out = str(tmp_path / "bad"), str(tmp_path / "out")
    writer.write_dataset(bad, info, 7, lambda indices: [serialized[i] for i in indices], "bad")
    (skipped,) = generate(bad, out, "scg", GRADIENT, 1).skipped
    assert skipped.source_id == index.summarize(serialized[5]).source_id
    assert skipped.reason.startswith("scg failed: record 'shapes_2_000005': damaged: its image: ")
    assert dataset_info.load_complete(out).shard_sizes == (1, 1, 1, 1, 1, 0, 1)


def test_rectangles_are_counted(examples, pools, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    info = generate(examples, str(tmp_path), "rectangle", rectangle.Options(), 1)
    assert count_rectangles(str(tmp_path)) == info.num_boxes > 0
    assert count_rectangles(pools) == 0


def test_pruned_pools_are_small_and_say_so(examples, pools, tmp_path, monkeypatch):
    _in_this_process(monkeypatch)
    info = generate(examples, str(tmp_path / "a"), "scg", GRADIENT, 1, prune_box_iou=0.5)
    assert info.settings["prune_box_iou"] == 0.5
    whole = dataset_info.load_complete(pools)
    assert whole.settings["prune_box_iou"] == 0
    assert 0 < info.num_candidates < whole.num_candidates / 2
    for serialized in shards.read_records(str(tmp_path / "a")):
        assert records.decode_pool(serialized).num_candidates > 0
    with pytest.raises(InputError, match=r"prune_box_iou = 0.5: expected 0.7"):
        generate(examples, str(tmp_path / "a"), "scg", GRADIENT, 1, prune_box_iou=0.7)
    for bad in (-0.1, 1.5, float("nan")):
        with pytest.raises(InputError, match=f"--prune_box_iou={bad}: expected a number in 0 .. 1"):
            generate(examples, str(tmp_path / "b"), "scg", GRADIENT, 1, prune_box_iou=bad)
