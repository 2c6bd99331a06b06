"""TrainingExample: a record of a source, inside a graph; and the records of all sources."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from boxsup_tf.records import dataset_info
from boxsup_tf.records.parsing import Record, parse
from boxsup_tf.training.sources import Source

_SHARDS_AT_ONCE = 16


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


def box_examples(sources: Sequence[Source]) -> tf.data.Dataset:
    """The examples of all box sources, in order."""
    return read_examples([source for source in sources if source.is_box]).prefetch(8)


def read_examples(sources: Sequence[Source], seed: tf.Tensor | None = None) -> tf.data.Dataset:
    """The usable examples of all sources.

    Args:
        sources: at least one.
        seed: scalar int64: shards of all sources are read interleaved, in an order of its own;
            None: one after the other.
    """
    paths, numbers, is_box = [], [], []
    for source in sources:
        paths += dataset_info.shard_paths(source.folder, source.info.num_shards)
        numbers += [str(source.number)] * source.info.num_shards
        is_box += [source.is_box] * source.info.num_shards
    shards = tf.data.Dataset.from_tensor_slices((paths, numbers, is_box))
    if seed is not None:
        shards = shards.shuffle(len(paths), seed=seed, reshuffle_each_iteration=False)
    return shards.interleave(_read_shard, cycle_length=1 if seed is None else _SHARDS_AT_ONCE)


def _read_shard(path: tf.Tensor, number: tf.Tensor, is_box: tf.Tensor) -> tf.data.Dataset:
    def example(serialized: tf.Tensor) -> TrainingExample:
        record = parse(serialized)
        return TrainingExample(tf.strings.join([number, record.source_id], "/"), is_box, record)

    def usable(example: TrainingExample) -> tf.Tensor:
        return tf.where(is_box, example.record.has_boxes, example.record.has_mask())

    return tf.data.TFRecordDataset(path).map(example).filter(usable)
