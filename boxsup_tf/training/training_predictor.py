"""Runs the network over the training images, batching those of equal size."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from boxsup_tf.models.as_written import as_written
from boxsup_tf.models.bfloat16_copy import bfloat16_copy, copy_weights, has_native_bfloat16
from boxsup_tf.records.same_size import Group, same_size_groups
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feature_cache import Features
from boxsup_tf.training.training_example import ExampleTable, TrainingExample
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers


class _Seen(NamedTuple):
    """An example, and what the network is given of it: the tensors of `input_spec`."""

    example: TrainingExample
    inputs: tuple[tf.Tensor, ...]


class TrainingPredictor:
    """Predicts the images of a mask update, or this process's share of them.

    Args:
        network: of the run.
        examples: with pools.
        config: says at what scale, in which precision and in which batches the network sees them.
        workers: that share the images.
    """

    def __init__(
        self,
        network: TrainingNetwork,
        examples: ExampleTable,
        config: TrainConfig,
        workers: Workers,
    ) -> None:
        self._network, self._examples, self._workers = network, examples, workers
        self._num_classes = len(network.segmenter.class_names)
        self._scale, self._batch = config.update_scale, config.update_batch
        self._copy = None
        if in_bfloat16(config):
            last_layers = network.segmenter.family.last_layers
            self._copy = bfloat16_copy(network.trained, last_layers)
        self._prepared = False
        # The signature keeps one trace over all sizes of images and of groups.
        self._predict = workers.on_replicas(
            self._logits, [network.input_spec, tf.TensorSpec([2], tf.int64)]
        )

    def predict_all(self, ask: bool) -> Iterator[tuple[TrainingExample, tf.Tensor]]:
        """Every example of this process's share once, with the logits of its pixels.

        Images of one size pass the network together. Which ones follows from the order of all
        examples, and not from how many processes share them.

        Args:
            ask: the network. Without it, and for pools that offer no choice, all logits are 0.

        Yields:
            An example, and float32 [H, W, num_classes].
        """
        if ask:
            self._prepare()
        groups = self._groups(ask)
        own = [groups[number] for number in self._workers.own(len(groups))]
        read = iter(self._read(own))
        waiting: list[list[_Seen]] = []
        for group, together in own:
            seen = list(itertools.islice(read, len(together)))
            if not group.kind:
                nothing = tf.zeros([*group.size, self._num_classes])
                yield from ((each.example, nothing) for each in seen)
                continue
            waiting.append(seen)
            if len(waiting) == len(self._workers.local_replicas):
                yield from self._asked(waiting)
                waiting = []
        if waiting:
            yield from self._asked(waiting)

    def _read(self, groups: Sequence[tuple[Group, Sequence[int]]]) -> tf.data.Dataset:
        """The examples of groups, prepared for the network while it is busy with those before."""
        numbers = [number for _, together in groups for number in together]
        asked = [group.kind for group, together in groups for _ in together]
        specs = tf.nest.flatten(self._network.input_spec)
        nothing = [tf.zeros([1, 0, 0, spec.shape[-1]], spec.dtype) for spec in specs]

        def prepared(example: TrainingExample, is_asked: tf.Tensor) -> _Seen:
            inputs = tf.cond(
                is_asked,
                lambda: tf.nest.flatten(self._network.whole_image(example.record, self._scale)),
                lambda: nothing,
            )
            return _Seen(example, tuple(inputs))

        examples = self._examples.read(
            tf.data.Dataset.from_tensor_slices(np.array(numbers, np.int64))
        )
        return (
            tf.data.Dataset.zip(examples, tf.data.Dataset.from_tensor_slices(np.array(asked, bool)))
            .map(as_written(prepared), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .prefetch(2 * self._batch)
        )

    def _groups(self, ask: bool) -> list[tuple[Group, list[int]]]:
        """Numbers of examples of one size; of kind True if the network is asked of them."""
        examples = self._examples

        def group_of(number: int) -> Group:
            size = tuple(examples.sizes[number].tolist())
            return Group(size, ask and not examples.one_per_box[number])

        def most_together(group: Group) -> int:
            return self._batch if group.kind else 1

        return list(same_size_groups(range(len(examples)), group_of, most_together, math.inf))

    def _asked(
        self, groups: Sequence[Sequence[_Seen]]
    ) -> Iterator[tuple[TrainingExample, tf.Tensor]]:
        """The examples of groups, a group per device, with their logits."""
        spec = self._network.input_spec
        arguments = []
        for group in groups:
            parts = zip(*(seen.inputs for seen in group), strict=True)
            inputs = [
                tf.concat(images, axis=0) if len(group) > 1 else images[0] for images in parts
            ]
            arguments.append((tf.nest.pack_sequence_as(spec, inputs), group[0].example.record.size))
        for group, logits in zip(groups, self._predict(arguments), strict=True):
            yield from ((seen.example, one) for seen, one in zip(group, logits, strict=True))

    def _logits(self, images: Features, size: tf.Tensor) -> tf.Tensor:
        if self._copy is None:
            return self._network.logits(images, size, self._scale)
        logits = self._copy(images, training=False)
        return self._network.segmenter.at_every_pixel(logits, size, self._scale)

    def _prepare(self) -> None:
        """Gives the copy the present weights; the first time, fills the cache of features."""
        if self._copy is not None:
            copy_weights(self._network.trained, self._copy)
        if not self._prepared:
            with_choice = np.flatnonzero(~self._examples.one_per_box)
            self._network.prepare(
                self._examples,
                with_choice,
                "features of training images",
                self._workers,
                self._scale,
            )
            self._prepared = True


def in_bfloat16(config: TrainConfig) -> bool:
    """Whether the images pass a bfloat16 copy of a network that itself computes in float32."""
    if config.precision != "float32":
        return False
    wanted = config.update_precision
    return wanted == "bfloat16" or (wanted == "auto" and has_native_bfloat16())
