"""Work in a process of its own, whose memory is its own, too."""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

MIB = 2**20


def run(
    work: Callable[..., Any], *arguments: Any, watch: Callable[[int], None] | None = None
) -> Any:
    """Runs a function of a module in a fresh process and returns what it returns.

    Args:
        watch: is given the process' number every tenth of a second.

    Raises:
        RuntimeError: the work failed.
    """
    context = multiprocessing.get_context("spawn")
    pipe, other_end = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(other_end, work, *arguments))
    process.start()
    other_end.close()
    try:
        while not pipe.poll(0.1 if watch else None):
            if watch and process.pid:
                watch(process.pid)
        return pipe.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} failed: see above") from None
    finally:
        process.join()


def _answer(pipe: Connection, work: Callable[..., Any], *arguments: Any) -> None:
    pipe.send(work(*arguments))


def resident_bytes(process: int) -> int:
    """Resident memory of a process (Linux)."""
    with open(f"/proc/{process}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def own_peak_bytes() -> int:
    """The largest resident memory that this process has had (Linux).

    Not getrusage's: that begins with the size of the process that started this one.
    """
    with open("/proc/self/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmHWM"].split()[0]) * 1024
