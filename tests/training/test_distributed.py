"""Training on several devices and by several processes: what one device learns, they learn."""

import contextlib
import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.conftest import REPOSITORY
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
    model_dir: pathlib.Path, data: tuple[str, str], workers: int, replicas: int, *changes: str
) -> list[subprocess.Popen]:
    """One process per worker."""
    addresses = [f"localhost:{port}" for port in free_ports(workers)]
    processes = []
    for index in range(workers):
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        if workers > 1:
            environment["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            )
        command = [sys.executable, "-m", "tests.training.distributed_run", str(model_dir), *data]
        processes.append(
            subprocess.Popen(
                [*command, str(replicas), *changes],
                env=environment,
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    return processes


def finish(processes: list[subprocess.Popen]) -> list[str]:
    outputs = []
    try:
        for process in processes:
            outputs.append(process.communicate(timeout=240)[0])
    finally:
        for process in processes:
            process.kill()
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 0, output
    return outputs


def train(
    model_dir: pathlib.Path, data: tuple[str, str], workers: int = 1, replicas: int = 1
) -> list[Run]:
    """How it ended in every process."""
    outputs = finish(start(model_dir, data, workers, replicas))
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


@pytest.mark.parametrize(("workers", "replicas"), [(1, 2), (1, 4), (2, 1), (3, 1)])
def test_it_learns_what_one_device_learns(workers, replicas, data, alone, tmp_path):
    for run in train(tmp_path, data, workers, replicas):
        _assert_same(run, alone)


def test_a_worker_that_is_killed_is_named_and_the_run_goes_on(data, alone, tmp_path):
    chief, other = processes = start(tmp_path, data, 2, 1)
    try:
        # tqdm's bar is the chief's: a step of the second epoch is done.
        seen = ""
        while "epoch 1:  33%" not in seen:
            more = chief.stdout.read(1)
            assert more, seen
            seen += more
        other.kill()
        began = time.monotonic()
        rest = chief.communicate(timeout=120)[0]
        assert chief.returncode == 1, rest
        assert time.monotonic() - began < 60
    finally:
        for process in processes:
            process.kill()
    line = rest.strip().splitlines()[-1]
    assert line.startswith("error: worker 2 (localhost:") and "no longer answers" in line
    for run in train(tmp_path, data, 2):
        assert any("resuming from" in line for line in run.output) or run.output
        _assert_same(run, alone)
