"""A stream put into groups of one size, so that several images pass a network at once."""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")


class Group(NamedTuple):
    """What items must have in common to go together.

    Attributes:
        size: height and width, pixels.
        kind: whatever else.
    """

    size: tuple[int, ...]
    kind: Hashable = None


def same_size_groups(
    items: Iterable[Item],
    group_of: Callable[[Item], Group],
    most_together: Callable[[Group], int],
    most_waiting: float,
) -> Iterator[tuple[Group, list[Item]]]:
    """Lets items wait for others of their group.

    Args:
        most_together: the largest number of a group's items that go together.
        most_waiting: pixels. When more wait, the group whose first item has waited longest goes.

    Yields:
        Every item once, with others of its group.
    """
    waiting: dict[Group, list[Item]] = {}  # in the order of their first items
    for item in items:
        group = group_of(item)
        together = waiting.setdefault(group, [])
        together.append(item)
        if len(together) >= most_together(group):
            yield group, waiting.pop(group)
        elif sum(len(w) * math.prod(g.size) for g, w in waiting.items()) > most_waiting:
            longest = next(iter(waiting))
            yield longest, waiting.pop(longest)
    yield from waiting.items()
