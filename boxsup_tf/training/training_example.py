"""TrainingExample: a record of a source, inside a graph; and the records of all sources."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from boxsup_tf.models.as_written import as_written
from boxsup_tf.records.dataset_info import shard_paths
from boxsup_tf.records.parsing import Record, parse
from boxsup_tf.records.places import record_at
from boxsup_tf.records.untuned import untuned
from boxsup_tf.training.sources import Source

_SHARDS_AT_ONCE = 16
_READS_AT_ONCE = 16


class TrainingExample(NamedTuple):
    """A record that is learnt from.

    Attributes:
        id: scalar string, unique over the whole training set.
        is_box: scalar bool: its boxes are learnt from, not its mask.
        record: the record.
    """

    id: tf.Tensor
    is_box: tf.Tensor
    record: Record


def read_example(source: Source, number: int) -> TrainingExample:
    """The usable example `number` of a source, reading no shard but its own."""
    example_id = source.example_id(source.examples[number])
    record = parse(source.read(number))
    return TrainingExample(tf.constant(example_id), tf.constant(source.is_box), record)


def read_examples(sources: Sequence[Source]) -> tf.data.Dataset:
    """The usable examples of all sources, at least one, in order."""
    table = ExampleTable(sources)
    return table.read(table.numbers())


class ExampleTable:
    """The usable examples of all sources, numbered one source after the other.

    Their order is decided on numbers, and only those are read whose turn comes, wherever they are.

    Args:
        sources: at least one.

    Attributes:
        sizes: int [N, 2], the images' heights and widths, pixels.
        one_per_box: bool [N], see `PackedPool`.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        shards, counts = [], []
        self._paths: list[str] = []
        for source in sources:
            paths = shard_paths(source.folder, source.info.num_shards)
            shards.append(source.places.shards + len(self._paths))
            counts.append(np.bincount(source.places.shards, minlength=len(paths)))
            self._paths += paths
        self._stops = np.cumsum(np.concatenate(counts))
        self._firsts = self._stops - np.concatenate(counts)
        of_example = np.repeat(np.arange(len(sources)), [len(s.examples) for s in sources])
        # A row per example: its source, its shard, and where it is there.
        self._table = np.stack(
            [
                of_example,
                np.concatenate(shards),
                np.concatenate([source.places.offsets for source in sources]),
                np.concatenate([source.places.sizes for source in sources]),
            ],
            axis=1,
        )
        columns = np.concatenate(
            [s.examples.table[["height", "width", "one_per_box"]] for s in sources]
        )
        self.sizes = np.stack([columns["height"], columns["width"]], axis=1)
        self.one_per_box = columns["one_per_box"]
        self._names = [str(source.number) for source in sources]
        self._is_box = [source.is_box for source in sources]

    def __len__(self) -> int:
        return len(self._table)

    def numbers(self, seed: tf.Tensor | None = None) -> tf.data.Dataset:
        """The numbers of all examples, int64.

        Args:
            seed: scalar int64: shards of all sources take turns, in an order of its own; None: in
                order.
        """
        if seed is None:
            return tf.data.Dataset.range(len(self))
        shards = tf.data.Dataset.from_tensor_slices((self._firsts, self._stops))
        shards = shards.shuffle(len(self._paths), seed=seed, reshuffle_each_iteration=False)
        return shards.interleave(tf.data.Dataset.range, cycle_length=_SHARDS_AT_ONCE)

    def read(self, numbers: tf.data.Dataset) -> tf.data.Dataset:
        """The `TrainingExample` of every number, in the same order."""
        table, paths = tf.constant(self._table), tf.constant(self._paths)
        names, is_box = tf.constant(self._names), tf.constant(self._is_box)

        def examples(number: tf.Tensor) -> tf.data.Dataset:
            source, shard, offset, size = tf.unstack(table[number])

            def example(serialized: tf.Tensor) -> TrainingExample:
                record = parse(serialized)
                example_id = tf.strings.join([names[source], record.source_id], "/")
                return TrainingExample(example_id, is_box[source], record)

            return record_at(paths[shard], offset, size).map(example)

        read = numbers.interleave(
            as_written(examples),
            cycle_length=_READS_AT_ONCE,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        return untuned(read)
