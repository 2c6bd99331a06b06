"""Times of several things, measured in turn in one run, so that the machine's moods hit all."""

import time
from collections.abc import Callable, Mapping

import numpy as np

Times = dict[str, np.ndarray]


def measure(work: Mapping[str, Callable[[], object]], repeats: int) -> Times:
    """Runs everything once for nothing, then in turn, so often.

    Args:
        work: by name; each is done when it returns.
        repeats: at least 1.

    Returns:
        Seconds of every repeat by name, float64 [repeats].
    """
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for repeat in range(repeats + 1):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            if repeat > 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> float:
    """The median over repeats of the ratio of what was measured side by side."""
    return float(np.median(numerator / denominator))
