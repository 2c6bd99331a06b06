"""proposals.generate and data.prepare through Beam: byte for byte what one process writes."""

import pathlib
import re

import pytest

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import generate as generate_module
from boxsup_tf.proposals import methods
from boxsup_tf.proposals.generate import generate
from boxsup_tf.proposals.methods import scg
from boxsup_tf.records.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.workers.runner import make_runner
from tests.conftest import REPOSITORY
from tests.proposals.extra_methods import misbehaving
from tests.proposals.in_this_process import InThisProcess
from tests.proposals.noise import noise_folder

pytest.importorskip("apache_beam", reason="apache-beam is not installed")

_GRADIENT = scg.Options(edges="gradient", sigma=1.0, min_area=40)
_TWO_PROCESSES = "--direct_running_mode=multi_processing --direct_num_workers=2"


def _files(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def workers_find_the_tests(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("shapes")
    prepare(ShapesReader(7, seed=2, image_size=48), str(folder), 3)
    return folder


@pytest.fixture
def pools(examples, tmp_path) -> pathlib.Path:
    """Written without Beam."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate_module, "WorkerPool", InThisProcess)
        generate(str(examples), str(tmp_path / "local"), "scg", _GRADIENT)
    return tmp_path / "local"


@pytest.mark.parametrize("beam_args", ["--runner=FnApiRunner", _TWO_PROCESSES])
def test_examples_are_those_that_are_written_without(examples, tmp_path, beam_args):
    runner = make_runner("beam", beam_args)
    prepare(ShapesReader(7, seed=2, image_size=48), str(tmp_path), 3, runner)
    assert _files(tmp_path) == _files(examples)


def test_pools_of_one_worker_are_those_that_are_made_without(
    examples, pools, tmp_path, monkeypatch
):
    monkeypatch.setattr(generate_module, "WorkerPool", InThisProcess)
    out, runner = tmp_path / "beam", make_runner("beam", "--runner=FnApiRunner")
    generate(str(examples), str(out), "scg", _GRADIENT, runner=runner)
    assert _files(out) == _files(pools)


def test_two_processes_go_on_with_the_shards_that_are_missing(examples, pools, tmp_path):
    out, whole = tmp_path / "beam", _files(pools)
    out.mkdir()
    info = DatasetInfo.load(str(pools))
    DatasetInfo(info.settings, info.class_names, info.num_shards).save(str(out))
    first = pathlib.Path(shard_paths(str(out), 3)[0])
    first.write_bytes(whole[first.name])
    stamp = first.stat().st_mtime_ns
    runner = make_runner("beam", _TWO_PROCESSES)
    generate(str(examples), str(out), "scg", _GRADIENT, runner=runner)
    assert _files(out) == whole
    assert first.stat().st_mtime_ns == stamp, "a finished shard was made again"


NAMES = ["a", "raise-1", "kill-2", "b", "c", "d"]


@pytest.fixture
def misbehaves(monkeypatch) -> str:
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, misbehaving.FOLDER])
    return "misbehaving"


def test_bad_images_and_dying_processes_cost_those_images_alone_on_dask(
    misbehaves, tmp_path, monkeypatch
):
    """On two worker processes that a scheduler gives work to."""
    distributed = pytest.importorskip("distributed")
    source = noise_folder(tmp_path / "in", NAMES, 2)
    here, there = tmp_path / "here", tmp_path / "there"
    with monkeypatch.context() as patch:
        patch.setattr(generate_module, "WorkerPool", InThisProcess)
        patch.setattr(misbehaving.os, "kill", lambda *_: exec("raise KeyError('kill')"))
        generate(source, str(here), misbehaves, misbehaving.Options())
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        flags = f"--runner=DaskRunner --dask_client_address={cluster.scheduler_address}"
        runner = make_runner("beam", flags)
        info = generate(source, str(there), misbehaves, misbehaving.Options(), runner=runner)
    assert [image.source_id for image in info.skipped] == ["raise-1", "kill-2"]
    raised, killed = (image.reason for image in info.skipped)
    assert re.fullmatch(
        r"misbehaving failed: KeyError at misbehaving.py:\d+: 'raise-1.png'", raised
    )
    assert "it ended its process twice, the second time alone: SIGKILL" in killed
    made, expected = _files(there), _files(here)
    assert made.keys() == expected.keys()
    assert {name for name in made if made[name] != expected[name]} == {"dataset.json"}
    assert info.digest == DatasetInfo.load(str(here)).digest


def test_strict_stops(misbehaves, tmp_path, monkeypatch):
    monkeypatch.setattr(generate_module, "WorkerPool", InThisProcess)
    source = noise_folder(tmp_path / "in", ["a", "b", "raise-1", "c"], 2)
    runner = make_runner("beam", "--runner=FnApiRunner")
    out = tmp_path / "out"
    with pytest.raises(InputError, match="in: raise-1: misbehaving failed: KeyError"):
        generate(source, str(out), misbehaves, misbehaving.Options(), strict=True, runner=runner)
    assert not list(out.glob("*.error"))
