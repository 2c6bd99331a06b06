"""program: the device that a benchmark measures."""

import pathlib

import pytest
import tensorflow as tf

from tests.forked import Forked

_ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="a GPU is here")
def test_a_gpu_that_is_not_there_is_said_in_one_line():
    process = Forked(["benchmarks/edges.py", "--device=gpu"])
    said = process.communicate()
    assert process.returncode == 1
    assert said == "error: --device=gpu: TensorFlow sees no GPU: expected one\n"


def test_every_benchmark_ends_in_one_line():
    starters = (
        path.name for path in (_ROOT / "benchmarks").glob("*.py") if "app.run" in path.read_text()
    )
    assert list(starters) == ["program.py"]
