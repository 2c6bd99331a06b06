"""Work in a thread of its own, while what comes next is made."""

import collections
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_background(
    function: Callable[..., Result], items: Iterable[tuple], most_waiting: int
) -> Iterator[Result]:
    """A function's results, in the order of its arguments, one computed at a time.

    Args:
        function: of the items' parts; an error of its ends the iteration.
        items: arguments; the next ones are drawn while the function is at work.
        most_waiting: items that are drawn before the first result is waited for.
    """
    waiting: collections.deque[Future[Result]] = collections.deque()
    with ThreadPoolExecutor(max_workers=1) as thread:
        for item in items:
            waiting.append(thread.submit(function, *item))
            if len(waiting) > most_waiting:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
