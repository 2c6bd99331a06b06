"""The processes of a run: which of them this one is, and what they find out together."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.models.as_written import as_written
from boxsup_tf.training.strategy import Cluster


class Workers:
    """One or several processes that train together.

    Args:
        strategy: of the run; None: that of one device.
        cluster: the processes; None: there is one.

    Attributes:
        strategy: as given.
        index, count: the number of this process, from 0, and of all.
        is_chief: whether it is the one that writes the run's folder.
        num_replicas: devices in all processes together.
        local_replicas: the numbers of this process's own among them.
    """

    def __init__(
        self, strategy: tf.distribute.Strategy | None = None, cluster: Cluster | None = None
    ) -> None:
        self.strategy = strategy = strategy or tf.distribute.get_strategy()
        self.index, self.count = (cluster.index, len(cluster.addresses)) if cluster else (0, 1)
        self.is_chief = self.index == 0
        self.num_replicas = strategy.num_replicas_in_sync
        own = self.num_replicas // self.count
        self.local_replicas = range(self.index * own, (self.index + 1) * own)

    def total(self, values: np.ndarray) -> np.ndarray:
        """The sum over all processes, each of which calls this with an array of one shape.

        Args:
            values: int32, int64, float32 or float64.
        """
        if self.count == 1:
            return values
        nothing = [tf.zeros_like(values)] * (len(self.local_replicas) - 1)
        parts = self.per_replica([tf.constant(values), *nothing])
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None).numpy()

    def say(self, text: str) -> None:
        """Prints a line, once for all processes."""
        if self.is_chief:
            print(text, flush=True)

    def wait(self) -> None:
        """Until all processes are here."""
        self.total(np.zeros(1, np.int64))

    def own(self, count: int) -> np.ndarray:
        """Which of so many things are this process's: int64, every `count`-th of them."""
        return np.arange(self.index, count, self.count)

    def on_replicas(
        self, function: Callable[..., Any], signature: Sequence[Any]
    ) -> Callable[[Sequence[tuple]], list]:
        """A function that each of this process's devices computes on arguments of its own.

        Args:
            function: of TensorFlow, without communication between devices.
            signature: `tf.TensorSpec`s of its arguments, or structures of them.

        Returns:
            From at most as many tuples of arguments as there are devices, at least one, to what
            the function gives of each.
        """
        number = len(self.local_replicas)
        if self.num_replicas == 1:
            alone = tf.function(as_written(function), signature)
            return lambda arguments: [alone(*each) for each in arguments]

        # A value per replica, of shapes that differ: relaxed, they keep one trace.
        compiled = tf.function(
            as_written(lambda *arguments: self.strategy.run(function, arguments)),
            reduce_retracing=True,
        )

        def results(arguments: Sequence[tuple]) -> list:
            padded = [*arguments, *[arguments[0]] * (number - len(arguments))]
            leaves = [tf.nest.flatten(each) for each in padded]
            by_leaf = [self.per_replica(values) for values in zip(*leaves, strict=True)]
            made = compiled(*tf.nest.pack_sequence_as(arguments[0], by_leaf))
            flat = [
                self.strategy.experimental_local_results(part) for part in tf.nest.flatten(made)
            ]
            each = [
                tf.nest.pack_sequence_as(made, list(parts)) for parts in zip(*flat, strict=True)
            ]
            return each[: len(arguments)]

        return results

    def per_replica(self, values: Sequence[tf.Tensor]) -> Any:
        """One value of as many as this process has devices for each of them."""
        first = self.local_replicas.start
        return self.strategy.experimental_distribute_values_from_function(
            lambda context: values[context.replica_id_in_sync_group - first]
        )

    def check_same(self, settings: dict[str, Any]) -> None:
        """Makes sure that all processes were started alike.

        Args:
            settings: what must be the same, as JSON can say it.

        Raises:
            InputError: another process has something else; all of them raise it.
        """
        for number, theirs in enumerate(self._gathered(settings)):
            ours = json.loads(json.dumps(settings))
            for name in sorted(ours.keys() | theirs.keys()):
                if ours.get(name) != theirs.get(name):
                    raise InputError(
                        f"worker {self.index + 1} has {name} = {ours.get(name)}, worker "
                        f"{number + 1} has {theirs.get(name)}: expected all workers to be started "
                        "alike, on the same data"
                    )

    def _gathered(self, settings: dict[str, Any]) -> list[dict[str, Any]]:
        """The settings of every process."""
        if self.count == 1:
            return [settings]
        text = np.frombuffer(json.dumps(settings).encode(), np.uint8)
        lengths = np.zeros(self.count, np.int64)
        lengths[self.index] = len(text)
        lengths = self.total(lengths)
        rows = np.zeros((self.count, lengths.max()), np.int32)
        rows[self.index, : len(text)] = text
        rows = self.total(rows).astype(np.uint8)
        return [
            json.loads(row[:length].tobytes()) for row, length in zip(rows, lengths, strict=True)
        ]
