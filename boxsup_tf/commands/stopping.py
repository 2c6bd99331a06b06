"""Ctrl-C and SIGTERM end a program in one line, within seconds, with all of its processes.

An exception alone does not: it is lost in a destructor or in a library that catches everything, it
waits for a long call of TensorFlow, and after it for threads. What a program writes appears whole
or is gone on from, so that it can be ended hard.
"""

# As little as can be: Ctrl-C before this has been imported shows Python's own traceback.
import atexit
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

from boxsup_tf.errors import INTERRUPTED

_SECONDS = 4.0  # that a program has for ending by itself
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raises KeyboardInterrupt for a signal, and ends the process soon after, come what may.

    A block that ends as if nothing had been, as that of a server, gives exit status 0, any other
    end status 1.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone is told of signals
        yield
        return
    told, lost, hook = threading.Event(), threading.Event(), sys.unraisablehook

    def tell(_number: int, _frame: FrameType | None) -> None:
        if not told.is_set() or lost.is_set():
            told.set()
            lost.clear()
            raise KeyboardInterrupt

    def note(unraisable: Any) -> None:  # what is raised in a destructor
        if told.is_set() and unraisable.exc_type is KeyboardInterrupt:
            lost.set()
        else:
            hook(unraisable)

    handlers = {}
    try:
        for number in _SIGNALS:
            handlers[number] = signal.signal(number, tell)
        sys.unraisablehook = note
        with _watched(lost):
            yield
    except BaseException as error:  # TensorFlow makes its own of an interrupt
        if told.is_set():
            code = error.code if isinstance(error, SystemExit) else None
            _end(code if isinstance(code, str) else INTERRUPTED)
        raise
    else:
        if told.is_set():
            _end("")
    finally:
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)
        # Python's own end has nothing to tell of a Ctrl-C.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _watched(lost: threading.Event) -> Iterator[None]:
    """Python's own handler waits for the main thread; a thread of its own hears of it at once."""
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    threading.Thread(target=_watch, args=(ear, lost), daemon=True).start()
    before = signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(mouth)


def _watch(ear: int, lost: threading.Event) -> None:
    if os.read(ear, 1):
        end = time.monotonic() + _SECONDS
        while lost.wait(max(0.0, end - time.monotonic())) and time.monotonic() < end:
            time.sleep(0.05)  # until the main thread has left the destructor
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        _end(INTERRUPTED)
    os.close(ear)


_ending = threading.Lock()


def _end(line: str) -> NoReturn:
    _ending.acquire()  # by one thread, once
    if multiprocessing := sys.modules.get("multiprocessing"):
        for child in multiprocessing.active_children():
            child.kill()
    if line:
        with contextlib.suppress(OSError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{line}\n".encode())
    elif sys.stdout:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
    os._exit(1 if line else 0)
