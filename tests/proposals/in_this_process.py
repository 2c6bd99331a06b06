"""A stand-in where the processes are not what is tested."""

from collections.abc import Callable, Iterable, Iterator

from boxsup_tf.workers import worker_pool


class InThisProcess:
    """A WorkerPool without processes: starting one and its TensorFlow takes seconds."""

    def __init__(self, function: Callable, num_workers: int, start: Callable) -> None:
        self._function = function

    def __enter__(self) -> "InThisProcess":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait_until_ready(self) -> None:
        pass

    def map(self, items: Iterable) -> Iterator[tuple]:
        return ((item, worker_pool._attempt(self._function, item)) for item in items)
