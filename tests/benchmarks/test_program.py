"""program: the device that a benchmark measures."""

import pathlib
import subprocess
import sys

import pytest
import tensorflow as tf

_ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="a GPU is here")
def test_a_gpu_that_is_not_there_is_said_in_one_line():
    command = [sys.executable, "benchmarks/edges.py", "--device=gpu"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=_ROOT)
    assert done.returncode == 1 and done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last == "error: --device=gpu: TensorFlow sees no GPU: expected one"


def test_every_benchmark_ends_in_one_line():
    starters = (
        path.name for path in (_ROOT / "benchmarks").glob("*.py") if "app.run" in path.read_text()
    )
    assert list(starters) == ["program.py"]
