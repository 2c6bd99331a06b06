"""Adds up the seconds that this process spends on the detection of edges."""

import functools
import importlib
import time
from collections.abc import Callable
from typing import Any

from boxsup_tf.proposals import edges

_total = 0.0
_running = False


def watch() -> None:
    """Wraps all functions `detect_...` of the detectors; before a method binds their names."""
    modules = {edges}
    for name in edges.detector_names():
        try:
            modules.add(importlib.import_module(f"{edges.__name__}.{edges.resolve(name)}"))
        except ImportError:
            continue  # a detector that is not installed
    for module in modules:
        for name, value in list(vars(module).items()):
            if name.startswith("detect_") and callable(value):
                setattr(module, name, _timed(value))


def reset() -> None:
    """Starts from 0 again."""
    global _total
    _total = 0.0


def seconds() -> float:
    """The seconds since the last `reset`."""
    return _total


def _timed(function: Callable) -> Callable:
    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        global _running, _total
        if _running:  # a detector within a detector counts once
            return function(*args, **kwargs)
        _running, start = True, time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            _running = False
            _total += time.perf_counter() - start

    return timed
