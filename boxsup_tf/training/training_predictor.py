"""Runs the network over the training images, batching those of equal size."""

from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.models.bfloat16_copy import bfloat16_copy, copy_weights, has_native_bfloat16
from boxsup_tf.records.same_size import Group, same_size_groups
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feature_cache import Features
from boxsup_tf.training.training_example import TrainingExample
from boxsup_tf.training.training_network import TrainingNetwork

_PIXELS_WAITING = 2**26  # some 400 photographs of half a thousand pixels, 100 kB each as records


class TrainingPredictor:
    """Predicts the images of a mask update.

    Args:
        network: of the run.
        examples: a dataset of `TrainingExample`s with pools.
        config: says at what scale, in which precision and in which batches the network sees them.
    """

    def __init__(
        self, network: TrainingNetwork, examples: tf.data.Dataset, config: TrainConfig
    ) -> None:
        self._network, self._examples = network, examples
        self._num_classes = len(network.segmenter.class_names)
        self._scale, self._batch = config.update_scale, config.update_batch
        self._copy = None
        if _in_bfloat16(config):
            last_layers = network.segmenter.family.last_layers
            self._copy = bfloat16_copy(network.trained, last_layers)
        self._prepared = False
        # The signatures keep one trace over all sizes of images and of groups.
        self._whole_image = tf.function(
            lambda record: network.whole_image(record, self._scale), [examples.element_spec.record]
        )
        self._predict = tf.function(
            self._logits, [network.input_spec, tf.TensorSpec([2], tf.int64)]
        )

    def predict_all(self, ask: bool) -> Iterator[tuple[TrainingExample, tf.Tensor]]:
        """Every example once, with the logits of its pixels.

        An image waits until there are enough of its size; which ones pass the network together
        follows from the order of the examples, and makes no difference beyond rounding.

        Args:
            ask: the network. Without it, and for pools that offer no choice, all logits are 0.

        Yields:
            An example, and float32 [H, W, num_classes].
        """
        if ask:
            self._prepare()

        def group_of(example: TrainingExample) -> Group:
            has_choice = not example.record.pool.one_per_box
            return Group(tuple(example.record.size.numpy().tolist()), ask and has_choice)

        def most_together(group: Group) -> int:
            return self._batch if group.kind else 1

        for group, examples in same_size_groups(
            self._examples, group_of, most_together, _PIXELS_WAITING
        ):
            if group.kind:
                images = tf.nest.map_structure(
                    lambda *parts: tf.concat(parts, axis=0),
                    *(self._whole_image(example.record) for example in examples),
                )
                logits = self._predict(images, examples[0].record.size)
                yield from zip(examples, logits, strict=True)
            else:
                nothing = tf.zeros([*group.size, self._num_classes])
                yield from ((example, nothing) for example in examples)

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
            with_choice = self._examples.map(lambda example: example.record).filter(
                lambda record: ~record.pool.one_per_box
            )
            self._network.prepare(with_choice, "features of training images", self._scale)
            self._prepared = True


def _in_bfloat16(config: TrainConfig) -> bool:
    """Whether the images pass a bfloat16 copy of a network that itself computes in float32."""
    if config.precision == "bfloat16":
        return False
    wanted = config.update_precision
    return wanted == "bfloat16" or (wanted == "auto" and has_native_bfloat16())
