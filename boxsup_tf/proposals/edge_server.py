"""Edges found by one process, on its GPU, for all others: a GPU has room for one.

Worker processes see no GPU. Where they need the edges of an image they ask the process that started
them, which puts images of one size together. How many wait at a time depends on the workers'
pace, and a network's rounding on the size of its batch: so every batch has the same size, filled up
with black images, and an image's edges do not depend on what waited beside it.
"""

import collections
import contextlib
import functools
import itertools
import os
import threading
from collections.abc import Callable
from multiprocessing import AuthenticationError, Pipe
from multiprocessing.connection import Client, Connection, Listener, wait
from typing import Any

import numpy as np

from boxsup_tf.errors import InputError, first_line
from boxsup_tf.proposals import edges, registry
from boxsup_tf.workers import devices

EDGE_DEVICES = ("auto", "cpu", "gpu")
_BATCH_SIZE = 4
_Key = tuple[str, str, tuple[int, ...]]  # function, detector, shape of the image


def resolve(device: str, options: Any, one_machine: bool = True) -> str:
    """Where edges are found: `cpu`, by every worker process; or `gpu`, by one process for all.

    Args:
        device: one of `EDGE_DEVICES`; auto: gpu where there is one that the method can use.
        options: of the proposal method.
        one_machine: the worker processes are all of this machine.

    Raises:
        InputError: gpu is asked for, and there is none, no worker process that could ask, or no
            detector that it would make faster.
    """
    if device not in EDGE_DEVICES:
        raise InputError(f"--edge_device={device}: expected one of {', '.join(EDGE_DEVICES)}")
    detectors = registry.edge_detectors(options)
    fit = any(map(edges.takes_batches, detectors))
    if device == "auto":
        return "gpu" if fit and one_machine and devices.has_gpu() else "cpu"
    if device == "gpu":
        if not fit:
            found = ", ".join(f"--edges={name}" for name in detectors) or "a method without edges"
            raise InputError(
                f"--edge_device=gpu: {found} runs on the CPU alone: expected --edges=hed"
            )
        if not one_machine:
            raise InputError(
                "--edge_device=gpu: expected --runner=local: a cluster has its own GPUs"
            )
        if not devices.has_gpu():
            raise InputError("--edge_device=gpu: TensorFlow sees no GPU: expected one, or cpu")
    return device


class EdgeServer:
    """Answers other processes of this machine from a thread of this one. A context manager."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._listener = Listener(authkey=self._key)
        self._connections: list[Connection] = []
        self._new: collections.deque[Connection] = collections.deque()
        self._waiting: dict[_Key, list[tuple[Connection, np.ndarray]]] = {}
        self._woken, self._wake = Pipe(duplex=False)
        self._closed = False

    @property
    def ask(self) -> Callable[[], None]:
        """Picklable; called in another process, it makes its edge detectors ask this one."""
        return functools.partial(_ask, self._listener.address, self._key)

    def __enter__(self) -> "EdgeServer":
        for work in (self._accept, self._serve):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._wake.send_bytes(b"end")
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                self._new.append(self._listener.accept())
            except (OSError, EOFError, AuthenticationError):
                if self._closed:
                    return
                continue  # a process that was ended while it connected
            self._wake.send_bytes(b"new")

    def _serve(self) -> None:
        while not self._closed:
            for ready in wait([self._woken, *self._connections], 0 if self._waiting else None):
                if ready is self._woken:
                    self._woken.recv_bytes()
                elif isinstance(ready, Connection):
                    self._read(ready)
            while self._new:
                self._connections.append(self._new.popleft())
            if self._waiting:
                self._answer(next(iter(self._waiting)))

    def _read(self, connection: Connection) -> None:
        try:
            function, name, image = connection.recv()
        except (EOFError, OSError):  # its process has ended
            self._connections.remove(connection)
            return
        key = (function, name, image.shape)
        self._waiting.setdefault(key, []).append((connection, image))

    def _answer(self, key: _Key) -> None:
        """The first of those that wait for the same."""
        function, name, shape = key
        waiting = self._waiting.pop(key)
        requests, later = waiting[:_BATCH_SIZE], waiting[_BATCH_SIZE:]
        if later:
            self._waiting[key] = later
        images = np.zeros((_BATCH_SIZE, *shape), np.uint8)
        for place, (_, image) in enumerate(requests):
            images[place] = image
        try:
            answers: Any = edges.detect_in_batch(function, images, name)
        except Exception as error:  # as for want of memory: it costs these images
            answers = itertools.repeat(first_line(error))
        for (connection, _), answer in zip(requests, answers, strict=False):
            with contextlib.suppress(OSError):  # it ended meanwhile; `_read` finds that, too
                connection.send(answer)


def _ask(address: Any, key: bytes) -> None:
    connection = Client(address, authkey=key)

    def answer(function: str, name: str, image: np.ndarray) -> np.ndarray:
        connection.send((function, name, image))
        found = connection.recv()
        if isinstance(found, str):
            raise ValueError(f"its edges could not be found: {found}")
        return found

    edges.ask(answer)
