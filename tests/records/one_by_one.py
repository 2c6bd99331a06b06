"""A runner without a cluster."""

import pickle
from collections.abc import Callable, Sequence

from boxsup_tf.records.shard_maker import Shard


class OneByOne:
    """A runner that sends everything to this same process; it ends after some items."""

    def __init__(self, ends_after: int = -1, order: int = 1) -> None:
        self._ends_after, self._order = ends_after, order
        self.paths: list[str] = []

    def run(self, function: Callable, items: Sequence[Shard]) -> None:
        for number, item in enumerate(items[:: self._order]):
            if number == self._ends_after:
                raise KeyboardInterrupt
            arrived, with_it = pickle.loads(pickle.dumps((item, function)))
            with_it(arrived)
            self.paths.append(item.path)
