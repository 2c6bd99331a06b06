"""Training on several devices and by several processes: what one device learns, they learn."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import socket
import time
import types
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.forked import Forked
from tests.training.folders import make_example, scattered, write

NUM_IMAGES = 11  # with 5 a batch, the last one has a single image


@dataclasses.dataclass
class Run:
    """How a training ended."""

    labelling: np.ndarray
    weights: list[np.ndarray]
    epochs: list[dict]
    output: list[str]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> tuple[str, str]:
    root = tmp_path_factory.mktemp("distributed")
    examples = [make_example(f"image{i}", i) for i in range(NUM_IMAGES)]
    masks = [make_example(f"val{i}", i + 50, boxes=False) for i in range(5)]
    return f"{write(root / 'train', examples, scattered, 3)}:box", write(root / "val", masks, None)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


def start(
    model_dir: pathlib.Path,
    data: tuple[str, str],
    workers: int,
    replicas: int = 1,
    changes: Mapping[int, str] = types.MappingProxyType({}),
    folders: Sequence[pathlib.Path] = (REPOSITORY,) * 4,
    late: float = 0.0,
) -> list[Forked]:
    """One process per worker.

    Args:
        changes: a further setting of some of them.
        folders: where they run.
        late: seconds from one to the next.
    """
    addresses = [f"localhost:{port}" for port in free_ports(workers)]
    processes = []
    for index in range(workers):
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
        if workers > 1:
            environment["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            )
        program = ["-m", "tests.training.distributed_run", str(model_dir), *data, str(replicas)]
        program += [changes[index]] if index in changes else []
        processes.append(Forked(program, environment, folders[index]))
        time.sleep(late)
    return processes


def finish(processes: list[Forked]) -> list[str]:
    """What they print; none is left running."""
    try:
        return [process.communicate() for process in processes]
    finally:
        for process in processes:
            process.kill()


def train(
    model_dir: pathlib.Path,
    data: tuple[str, str],
    workers: int = 1,
    replicas: int = 1,
    late: float = 0.0,
) -> list[Run]:
    """How it ended in every process."""
    processes = start(model_dir, data, workers, replicas, late=late)
    outputs = finish(processes)
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 0, output
    epochs = json.loads((model_dir / "metrics.json").read_text())["epochs"]
    ends = []
    for index, output in enumerate(outputs):
        with np.load(model_dir / f"end_{index}.npz") as file:
            labelling, *weights = (file[name] for name in file.files)
        ends.append(Run(labelling, weights, epochs, output.splitlines()))
    return ends


@pytest.fixture(scope="module")
def alone(data, tmp_path_factory) -> Run:
    return train(tmp_path_factory.mktemp("alone"), data)[0]


def _assert_same(run: Run, expected: Run) -> None:
    np.testing.assert_array_equal(run.labelling, expected.labelling)
    for ours, theirs in zip(run.weights, expected.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * max(np.abs(theirs).max(), 1))
    assert len(run.epochs) == len(expected.epochs)
    for ours, theirs in zip(run.epochs, expected.epochs, strict=True):
        assert ours.keys() == theirs.keys()
        for name in ours:
            if name.startswith("val_"):
                assert ours[name] == theirs[name]
            else:
                assert ours[name] == pytest.approx(theirs[name], rel=1e-4)


# Of four replicas two have one image fewer than of two, and three have none of the last batch.
@pytest.mark.parametrize(("workers", "replicas"), [(1, 4), (3, 1)])
def test_it_learns_what_one_device_learns(workers, replicas, data, alone, tmp_path):
    for run in train(tmp_path, data, workers, replicas):
        _assert_same(run, alone)


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory) -> pathlib.Path:
    """The folder of a run that one of its two workers ends again and again."""
    return tmp_path_factory.mktemp("disturbed")


@pytest.mark.parametrize(
    ("dies", "where"), [(1, "mask update"), (0, "checkpoint"), (1, "network update")]
)
def test_a_worker_that_is_killed_is_named(dies, where, data, disturbed):
    """In their order, each upon what those before it have left."""
    processes = start(disturbed, data, 2, changes={dies: f"die={where}"})
    try:
        printed = processes[dies].communicate()
        assert processes[dies].returncode == -signal.SIGKILL, printed
        began = time.monotonic()
        output = processes[1 - dies].communicate(timeout=120)
        assert processes[1 - dies].returncode == 1 and time.monotonic() - began < 60, output
    finally:
        for process in processes:
            process.kill()
    line = output.strip().splitlines()[-1]
    assert line.startswith(f"error: worker {dies + 1} (localhost:"), output
    assert "no longer answers" in line
    assert ("resuming from" in printed + output) == (where == "network update")


def test_a_run_whose_workers_were_killed_goes_on(data, alone, disturbed):
    """Also where one of them is late: it is waited for by name."""
    runs = train(disturbed, data, 2, late=3.0)
    expected = r"worker 1 of 2: waiting for worker 2 \(localhost:\d+\)"
    assert any(re.fullmatch(expected, line) for line in runs[0].output)
    assert not any("waiting for" in line for line in runs[1].output)
    assert any("resuming from" in line and "1 epochs done" in line for line in runs[0].output)
    for run in runs:
        _assert_same(run, alone)


def test_workers_that_were_started_otherwise_are_named(data, tmp_path):
    processes = start(tmp_path / "run", data, 2, changes={1: "k=3"})
    for process, output in zip(processes, finish(processes), strict=True):
        assert process.returncode == 1
        assert re.search("error: worker . has k = ., worker . has .: expected all", output)
    assert not (tmp_path / "run").exists()


def test_workers_with_other_data_are_named(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for seed, folder in enumerate(folders):
        examples = [make_example(f"image{i}", i + seed) for i in range(3)]
        write(folder / "train", examples, scattered, 1)
        write(folder / "val", examples, None)
    processes = start(tmp_path / "run", ("train:box", "val"), 2, folders=folders)
    for process, output in zip(processes, finish(processes), strict=True):
        assert process.returncode == 1
        assert re.search("error: worker . has data digests = .*: expected all workers", output)
