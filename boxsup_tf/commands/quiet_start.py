"""Starts TensorFlow without what it tells of every machine, but not without its errors.

TensorFlow's C++ parts write to the file descriptor of stderr, some before they read
TF_CPP_MIN_LOG_LEVEL, so these lines pass through a filter for as long as it starts. Later on, what
it reports as an error is shown.
"""

import contextlib
import glob
import os
import re
import signal
import sys
from collections.abc import Iterator

# Of a machine without a GPU, and of any: not errors, whatever they call themselves.
_EVERYWHERE = re.compile(
    rb"before absl::InitializeLog|oneDNN custom operations|cpu_feature_guard|"
    rb"^To enable the following instructions|Unable to register cu|computation_placer|"
    rb"^I\d{4} "
)
_WITHOUT_GPU = re.compile(rb"^W\d{4} |cuInit|cuda|CUDA|GPU|TensorRT|TF-TRT")


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Passes on what is written to stderr, but for the lines of a TensorFlow that starts.

    A process of its own does so: what TensorFlow says before it aborts is not lost. Does nothing
    where TensorFlow has started.
    """
    # Errors alone; a user may ask for more, and gets all.
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") < "2" or "tensorflow" in sys.modules:
        yield
        return
    sys.stderr.flush()
    reading, writing = os.pipe()
    stderr = os.dup(2)
    if not (child := os.fork()):
        os.close(writing)
        _filter(reading, stderr)
    os.close(reading)
    os.dup2(writing, 2)
    os.close(writing)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        os.waitpid(child, 0)


def has_nvidia_gpu() -> bool:
    """Whether the driver of an NVIDIA GPU is on this machine (on WSL: any GPU's)."""
    return bool(glob.glob("/dev/nvidia[0-9]*") or glob.glob("/dev/dxg"))


def _filter(source: int, target: int) -> None:
    """The life of the filter: lines in, most of them out, until the last writer is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's affair
    noise = [_EVERYWHERE] if has_nvidia_gpu() else [_EVERYWHERE, _WITHOUT_GPU]
    with open(source, "rb") as lines:
        for line in lines:
            if not any(pattern.search(line) for pattern in noise):
                os.write(target, line)
    os._exit(0)
