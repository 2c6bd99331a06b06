"""workers.stderr_filter: TensorFlow's start is quiet, what else is said is not lost."""

import os
import subprocess
import sys

import pytest

from boxsup_tf.workers.stderr_filter import has_nvidia_gpu
from tests.conftest import REPOSITORY

_SAYS = """
import os, sys
from boxsup_tf.workers.stderr_filter import filtered_stderr
with filtered_stderr():
    os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written\\n")
    os.write(2, b"I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on.\\n")
    os.write(2, b"E0000 00:00:1.2 3 cuda_platform.cc:52] failed call to cuInit: 303\\n")
    os.write(2, b"E0000 00:00:1.2 3 somewhere.cc:1] a disk is broken\\n")
    print("a traceback", file=sys.stderr)
    if len(sys.argv) > 1:
        os.write(2, b"F0000 00:00:1.2 3 cpu.cc:1] compiled for another processor\\n")
        os.abort()
os.write(2, b"I0000 later, E0000 and all\\n")
"""


def _stderr(*arguments: str, level: str | None = None) -> list[str]:
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": level} if level else {}
    done = subprocess.run(
        [sys.executable, "-c", _SAYS, *arguments],
        env=environment,
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    return done.stderr.splitlines()


@pytest.mark.skipif(has_nvidia_gpu(), reason="lines about CUDA are kept where there is a GPU")
def test_noise_alone_is_kept_back():
    found = _stderr()
    assert sorted(line.split("] ")[-1] for line in found) == [
        "I0000 later, E0000 and all",
        "a disk is broken",
        "a traceback",
    ]


def test_what_is_said_before_an_abort_is_passed_on():
    assert "compiled for another processor" in _stderr("abort")[-1]


def test_a_user_who_asks_gets_everything():
    assert len(_stderr(level="0")) == 6


def test_tensorflow_starts_without_a_word():
    code = "from boxsup_tf.commands import cli; "
    code += "cli.run('extract_images', ['--input_dir=none', '--output_dir=none'], 'boxsup')"
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    lines = done.stderr.splitlines()
    assert len(lines) == 2, done.stderr
    first, last = lines
    assert first == "boxsup: starting" and last.startswith("error: none/dataset.json")
