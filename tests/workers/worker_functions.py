"""What worker processes are asked to do in tests; without TensorFlow, which starts slowly."""

import os
import pathlib
import signal
import time


class NotPickled(Exception):
    """An exception that cannot be sent to another process."""

    def __init__(self) -> None:
        super().__init__("stays here")
        self.where = lambda: None


def nothing() -> None:
    pass


def end_at_once() -> None:
    os._exit(7)


def tell_process(number: int) -> tuple[int, int]:
    return number, os.getpid()


def interrupt_then_double(number: int) -> int:
    """An interrupt at the keyboard reaches every process of the terminal."""
    os.kill(os.getpid(), signal.SIGINT)
    return 2 * number


def later_is_faster(number: int) -> int:
    time.sleep(max(0.0, 0.3 - number / 10))
    return number


def threads(_: object) -> tuple[str, str]:
    return os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]


def misbehave(item: str) -> object:
    """Doubles its item, unless that says what to do instead."""
    if item == "raise":
        raise IndexError("no such\n superpixel")
    if item == "bare":
        raise MemoryError
    if item == "for the user":
        raise ValueError("box 3 is empty")
    if item == "not pickled":
        raise NotPickled
    if item == "result not pickled":
        return lambda: None
    if item == "exit":
        raise SystemExit(3)
    if item == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == "end":
        os._exit(5)
    if item.startswith("once "):  # as if others had taken the memory
        mark = pathlib.Path(item.removeprefix("once "))
        if not mark.exists():
            mark.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def leave_mark(path: str) -> None:
    pathlib.Path(path).write_text(str(os.getpid()))
