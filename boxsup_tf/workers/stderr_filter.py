"""Keeps from stderr what TensorFlow tells of every machine when it starts, but not its errors.

Its C++ parts write to the file descriptor of stderr, some before they read TF_CPP_MIN_LOG_LEVEL. A
process of its own passes the lines on, all but those: what TensorFlow says before it aborts is not
lost. This file is also that process's program, so it imports the standard library alone.
"""

import contextlib
import functools
import glob
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

# Not errors, whatever they call themselves: of any machine, and of one without a GPU.
_NOISE = re.compile(
    rb"before absl::InitializeLog|^I\d{4} |^To enable the following instructions|"
    rb"Unable to register cu|computation_placer"
)
_NOISE_WITHOUT_GPU = re.compile(rb"^W\d{4} |cuInit|[Cc]uda|CUDA|GPU|TensorRT|TF-TRT")
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextlib.contextmanager
def filtered_stderr() -> Iterator[None]:
    """For as long as TensorFlow starts; a process started inside keeps the filter.

    Where the user has set TF_CPP_MIN_LOG_LEVEL to less than 2, nothing is kept back.
    """
    if os.environ.setdefault(_LEVEL, "2") < "2":
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    os.dup2(_filter(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Processes that are started meanwhile never get Ctrl-C, which is their parent's affair.

    The parent gets one that comes meanwhile afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def has_nvidia_gpu() -> bool:
    """Whether the driver of an NVIDIA GPU is on this machine (on WSL: any GPU's)."""
    return bool(glob.glob("/dev/nvidia[0-9]*") or glob.glob("/dev/dxg"))


@functools.cache
def _filter() -> int:
    """The file descriptor that leads to the filter, one for this process and all that it starts."""
    command = [sys.executable, "-I", "-S", __file__]
    with uninterrupted():
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=2)
    assert process.stdin
    _running.append(process)
    return process.stdin.fileno()


_running: list[subprocess.Popen] = []  # or Python would close what leads to it


def _pass_on() -> None:
    """The life of the filter: lines in, most of them out, until the last writer is gone."""
    noise = [_NOISE] if has_nvidia_gpu() else [_NOISE, _NOISE_WITHOUT_GPU]
    for line in sys.stdin.buffer:
        if not any(pattern.search(line) for pattern in noise):
            os.write(1, line)


if __name__ == "__main__":
    _pass_on()
