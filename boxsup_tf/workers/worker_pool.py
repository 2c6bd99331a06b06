"""WorkerPool: processes that apply a function to items, and a run that outlives what it does.

concurrent.futures gives up everything in progress when a process dies and cannot tell which
item killed it. Here a process has one item at a time, so its death costs that item alone.
"""

import collections
import contextlib
import dataclasses
import functools
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from boxsup_tf.errors import InputError
from boxsup_tf.workers.stderr_filter import filtered_stderr, uninterrupted

Item = TypeVar("Item")
Result = TypeVar("Result")

# Results that wait for an earlier, slower one; so much is in memory for every worker.
_LOOKAHEAD = 4
_SECONDS_TO_END = 5.0
_READY = "ready"
# The processes fill the cores. Read by the libraries when they are loaded.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclasses.dataclass(frozen=True)
class Failure:
    """Stands in the place of a result that could not be had; says why."""

    reason: str


class NoStart(InputError):
    """A process ended before its first item: for want of memory, or as this one is being ended."""


@dataclasses.dataclass(eq=False)
class _Task:
    item: Any
    result: Any = None
    done: bool = False
    # A process died over it: it gets one more chance, alone in a fresh process, for the cause
    # may have been the memory that the others took.
    suspect: bool = False


class _Worker:
    """A process, the parent's end of its pipe, and what it is doing."""

    def __init__(self, function: Callable, start: Callable[[], None]) -> None:
        context = _context(function)
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, function, start), daemon=True)
        # The process does not run the parent's script first, and its imports.
        no_script = {"__main__": types.ModuleType("__main__")}
        resource_tracker.ensure_running()  # which would let Ctrl-C through again
        with (
            _replaced(os.environ, _ONE_THREAD),
            _replaced(sys.modules, no_script),
            uninterrupted(),
            filtered_stderr(),
        ):
            try:
                self.process.start()
            except BrokenPipeError:
                raise NoStart("a worker process ended while it started") from None
        theirs.close()  # so that the pipe ends when the process does
        self.ready = False
        self.used = False
        self.task: _Task | None = None

    @property
    def idle(self) -> bool:
        return self.ready and self.task is None

    def end(self) -> str:
        """Ends the process if it still runs; says how it ended."""
        self.connection.close()
        self.process.join(_SECONDS_TO_END)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        if code >= 0:
            return f"exit status {code}"
        name = signal.Signals(-code).name
        return name + (" (perhaps for want of memory)" if name == "SIGKILL" else "")


def _context(function: Callable) -> Any:
    """How processes start: not as forks of this one, whose threads of TensorFlow would be missing.

    On Linux they are forks of one that has imported what the function needs and has no threads: the
    import, seconds for TensorFlow, is done once, and its memory is shared. Elsewhere what libraries
    import may not survive a fork.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    while isinstance(function, functools.partial):
        function = function.func
    context.set_forkserver_preload([function.__module__])  # of the first function, and no other
    return context


class WorkerPool(Generic[Item, Result]):
    """Applies a function to items in processes of one thread each. A context manager.

    Args:
        function: importable by a new process; called with one item at a time.
        num_workers: number of processes, at least 1.
        start: called once in every process before its first item.
    """

    def __init__(
        self, function: Callable[[Item], Result], num_workers: int, start: Callable[[], None]
    ) -> None:
        self._function, self._num_workers, self._start = function, num_workers, start
        self._workers: list[_Worker] = []

    def __enter__(self) -> "WorkerPool[Item, Result]":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.end()
        self._workers = []

    def wait_until_ready(self) -> None:
        """Starts the processes (`map` does so, too) and waits until they can work.

        Raises:
            NoStart: a process ended before it could.
        """
        self._start_missing()
        while not all(worker.ready for worker in self._workers):
            self._listen(collections.deque())

    def map(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result | Failure]]:
        """Every item with its result, in order; to be read to the end before the next call.

        An item gives a `Failure` when the function raises anything, and when its process dies
        twice, the second time with nothing else running. No other item is lost with it.

        Raises:
            NoStart: a process ended before its first item.
        """
        items = iter(items)
        tasks: collections.deque[_Task] = collections.deque()  # in order, from the first not done
        todo: collections.deque[_Task] = collections.deque()  # of these, given to no process
        while True:
            room = _LOOKAHEAD * self._num_workers - len(tasks)
            new = [_Task(item) for item in itertools.islice(items, room)]
            tasks.extend(new)
            todo.extend(new)
            if not tasks:
                return
            self._start_missing()
            self._hand_out(todo)
            if not tasks[0].done:
                self._listen(todo)
            while tasks and tasks[0].done:
                task = tasks.popleft()
                yield task.item, task.result

    def _start_missing(self) -> None:
        while len(self._workers) < self._num_workers:
            self._workers.append(_Worker(self._function, self._start))

    def _hand_out(self, todo: collections.deque[_Task]) -> None:
        for worker in self._workers:
            running = [other.task for other in self._workers if other.task]
            suspects = [task for task in (*running, *todo) if task.suspect]
            if not todo or (suspects and running):
                return
            task = suspects[0] if suspects else todo[0]
            if not worker.idle or (task.suspect and worker.used):
                continue
            try:
                worker.connection.send(task.item)
            except OSError:  # it died with nothing to do, so that was not the item's fault
                continue  # _listen finds it, too
            worker.task, worker.used = task, True
            todo.remove(task)

    def _listen(self, todo: collections.deque[_Task]) -> None:
        """Waits for a word from any process, and takes note of it."""
        heard = wait([worker.connection for worker in self._workers])
        for place, worker in enumerate(self._workers):
            if worker.connection not in heard:
                continue
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                self._workers[place] = self._replace(worker, todo)
                continue
            if worker.task is None:
                worker.ready = True
            else:
                worker.task.result, worker.task.done = message, True
                worker.task = None

    def _replace(self, dead: _Worker, todo: collections.deque[_Task]) -> _Worker:
        how = dead.end()
        task = dead.task
        if not dead.ready:
            raise NoStart(
                f"a worker process ended while it started: {how}: expected room for "
                f"--num_workers={self._num_workers} processes"
            )
        if task and task.suspect:
            task.result = Failure(f"it ended its process twice, the second time alone: {how}")
            task.done = True
        elif task:
            task.suspect = True
            todo.appendleft(task)
        return _Worker(self._function, self._start)


def _work(connection: Connection, function: Callable, start: Callable[[], None]) -> None:
    """The life of a worker process: items in, results out, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's affair
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start()
    # The pipe ends when the parent closes it, and when the parent is killed.
    with contextlib.suppress(EOFError, ConnectionError):
        connection.send(_READY)
        while True:
            result = _attempt(function, connection.recv())
            try:
                connection.send(result)
            except ConnectionError:
                raise
            except Exception as error:  # a result that cannot be pickled
                connection.send(Failure(_describe(error)))


def _end_with_parent() -> None:
    """Ends this process, whatever it computes, when its parent has ended, however it did."""
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)


def _attempt(function: Callable, item: Any) -> Any:
    try:
        return function(item)
    except BaseException as error:  # SystemExit, too, must cost one item only
        return Failure(_describe(error))


def _describe(error: BaseException) -> str:
    """One line; the place where it was raised, unless the error was made for the user."""
    text = " ".join(str(error).split())
    if isinstance(error, ValueError) and text:
        return text
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(last.filename)}:{last.lineno}"
    return f"{type(error).__name__} at {place}" + (f": {text}" if text else "")


@contextlib.contextmanager
def _replaced(mapping: MutableMapping, values: Mapping) -> Iterator[None]:
    """Sets some values of a mapping for as long as it is entered."""
    before = {name: mapping[name] for name in values if name in mapping}
    mapping.update(values)
    try:
        yield
    finally:
        for name in values.keys() - before.keys():
            del mapping[name]
        mapping.update(before)
