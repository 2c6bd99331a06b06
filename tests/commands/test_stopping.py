"""commands.stopping and workers: a signal ends a program, whatever it does, and its processes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import REPOSITORY

_LINE = "interrupted: run the same command again to go on from what is done\n"
_PROGRAM = """
import os, time
from boxsup_tf.commands import stopping
from boxsup_tf.errors import InputError, shown_in_one_line
from boxsup_tf.workers.worker_pool import WorkerPool

said = []

def pause():
    # Where a signal finds it: inside of what each function does about one.
    if not said:
        said.append("ready")
        print(*said, flush=True)
    time.sleep(600)

def swallow():
    while True:
        try:
            pause()
        except BaseException:
            pass

def swallow_as_a_bug():
    try:
        pause()
    except KeyboardInterrupt:
        raise RuntimeError("as TensorFlow does") from None

def wait():
    pause()

def finish():
    try:
        pause()
    except KeyboardInterrupt:
        print("stopped")

class Losing:
    def __del__(self):
        pause()

def lose():
    stopping._SECONDS = 60
    Losing()
    finish()

def work():
    print("ready", flush=True)
    with WorkerPool(time.sleep, 2, os.getpid) as pool:
        pool.wait_until_ready()
        print(*[worker.process.pid for worker in pool._workers], flush=True)
        list(pool.map([60, 60]))

stopping._SECONDS = 0.7
with stopping.stopped_by_signals():
    with shown_in_one_line():
        {}()
"""


def _start(function: str) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.replace("{}", function)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def _is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("function", ["wait", "swallow", "swallow_as_a_bug"])
def test_a_signal_ends_a_program_in_one_line(function, number):
    process = _start(function)
    process.send_signal(number)
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, out, errors) == (1, "", _LINE)


@pytest.mark.parametrize("function", ["finish", "lose"])  # the second, in a destructor first
def test_what_ends_well_after_a_signal_says_so(function):
    process = _start(function)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20) == ("stopped\n", "") and process.returncode == 0


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_its_processes_end_with_it(number):
    process = _start("work")
    workers = [int(word) for word in process.stdout.readline().split()]
    assert len(workers) == 2 and all(map(_is_alive, workers))
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=20)  # the workers hold its stderr, too
    assert errors == ("" if number == signal.SIGKILL else _LINE)
    end = time.monotonic() + 10
    while any(map(_is_alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_is_alive, workers))
