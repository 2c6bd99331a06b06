"""Batches that several replicas share: each makes its own part, and reads no more than that."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from boxsup_tf.models.as_written import as_written
from boxsup_tf.training.workers import Workers


class Share(NamedTuple):
    """One replica's part of every batch.

    Parts differ by an image at most; the first ones are the larger.

    Attributes:
        replica, replicas: its number, from 0, and that of all.
        batch_size: images in a batch of all.
        num_examples: in an epoch; what is left over is its last batch.
    """

    replica: int
    replicas: int
    batch_size: int
    num_examples: int

    def size(self, batch: int) -> int:
        """How many images of a batch of so many are the replica's."""
        return batch // self.replicas + (self.replica < batch % self.replicas)

    @property
    def last_is_empty(self) -> bool:
        """Whether the last batch of an epoch has no image for the replica."""
        last = self.num_examples % self.batch_size
        return bool(last) and not self.size(last)


def share_of_batches(
    numbers: tf.data.Dataset,
    make: Callable[[tf.data.Dataset], tf.data.Dataset],
    share: Share,
) -> tf.data.Dataset:
    """The replica's part of every batch of an epoch, or of what is left of it.

    Args:
        numbers: of the examples, int64, of whole batches but for the last.
        make: the elements of a batch from numbers; also used to find out their shapes.
        share: the replica's, at least one image of a full batch.
    """
    if share.replicas == 1:
        return make(numbers).batch(share.batch_size)

    def own(batch: tf.Tensor) -> tf.data.Dataset:
        size, rest = tf.size(batch) // share.replicas, tf.size(batch) % share.replicas
        first = share.replica * size + tf.minimum(share.replica, rest)
        count = size + tf.cast(share.replica < rest, tf.int32)
        return tf.data.Dataset.from_tensor_slices(batch[first : first + count])

    numbers = numbers.batch(share.batch_size).flat_map(as_written(own))
    parts = make(numbers).batch(share.size(share.batch_size))
    if share.last_is_empty:
        # All replicas take as many steps. An image of any batch has the shapes of an empty one.
        one = make(tf.data.Dataset.from_tensors(tf.constant(0, tf.int64))).batch(1)
        empty = one.map(as_written(lambda *part: tf.nest.map_structure(_nothing_of, part)))
        parts = parts.concatenate(empty)
    return parts


class SharedBatches:
    """The batches of an epoch, with a value for each of this process's replicas. An iterable.

    Not `distribute_datasets_from_function`: its iterators tune themselves, which makes the end of
    an epoch wait (`training_example`).

    Args:
        batches: those of a replica, given its number and the number of all.
        workers: whose replicas these are.
    """

    def __init__(self, batches: Callable[[int, int], tf.data.Dataset], workers: Workers) -> None:
        self._workers = workers
        parts = [batches(replica, workers.num_replicas) for replica in workers.local_replicas]
        self._parts = tf.data.Dataset.zip(tuple(parts)).prefetch(2)

    def __iter__(self) -> Iterator[Any]:
        for parts in self._parts:
            yield tf.nest.map_structure(lambda *part: self._workers.per_replica(part), *parts)


def _nothing_of(part: tf.Tensor) -> tf.Tensor:
    return part[:0]
