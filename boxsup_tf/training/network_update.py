"""Network update: the labelling is fixed, SGD runs for an epoch (BoxSup, Sec. 3.3).

The loop over batches is ours and not `model.fit`, which does not run on several workers with
Keras 3.15 (its losses do not reduce across replicas).
"""

import keras
import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.metrics.count_in_graph import count_pixels
from boxsup_tf.models.networks import STRIDE
from boxsup_tf.models.scores import upsample
from boxsup_tf.training.config import TrainConfig

_LAST_LAYER = "fc8"
_POLY_POWER = 0.9


class NetworkUpdate:
    """One optimiser step on a batch of crops, under a tf.distribute strategy.

    The loss is the mean cross-entropy over the crop; void pixels count as 0. Dividing by a
    number of pixels that does not depend on the labels makes a batch's gradient the exact sum
    of its parts'.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        config: TrainConfig,
        mean_loss: keras.metrics.Metric,
    ) -> None:
        self._model, self._optimizer, self._strategy = model, optimizer, strategy
        self._config, self._mean_loss = config, mean_loss
        self._rates = [
            _rate(variable, config.last_layer_rate) for variable in model.trainable_variables
        ]

    @tf.function(reduce_retracing=True)
    def step(self, images: tf.Tensor, label_maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs one step and adds its loss to the mean.

        Args:
            images: float32 [b, S, S, 3], preprocessed (per replica); or what the network is
                given in their place.
            label_maps: int32 [b, S, S].

        Returns:
            The loss of the whole batch, float32 scalar; and how often each label was taken for
            each class before the step, int64 [C, C], a pixel every 8.
        """
        parts = self._strategy.run(self._replica_step, (images, label_maps))
        loss, counts = (
            self._strategy.reduce(tf.distribute.ReduceOp.SUM, part, axis=None) for part in parts
        )
        self._mean_loss.update_state(loss)
        return loss, counts

    def _replica_step(
        self, images: tf.Tensor, label_maps: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        context = tf.distribute.get_replica_context()
        num_images = context.all_reduce(
            tf.distribute.ReduceOp.SUM, tf.cast(tf.shape(images)[0], tf.float32)
        )
        variables = self._model.trainable_variables
        loss, counts, gradients = self._in_parts(images, label_maps, num_images)
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        if self._config.clip_norm:
            gradients, _ = tf.clip_by_global_norm(gradients, self._config.clip_norm)
        if self._config.optimizer == "sgd":
            gradients = [
                self._caffe_gradient(gradient, variable, rate)
                for gradient, variable, rate in zip(gradients, variables, self._rates, strict=True)
            ]
        self._optimizer.apply(gradients, variables)
        return loss, counts

    def _in_parts(
        self, images: tf.Tensor, label_maps: tf.Tensor, num_images: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """The replica's share of the batch's loss, counts and gradients, a part at a time.

        Args:
            images, label_maps: see `step`.
            num_images: float32 scalar, of the whole batch.
        """
        if self._config.accumulate == 1:
            return self._forward_and_back(images, label_maps, num_images)
        size = -(-self._config.batch_size // self._config.accumulate)
        first_part = images[:size], label_maps[:size]
        loss, counts, gradients = self._forward_and_back(*first_part, num_images)
        first = tf.constant(size)
        while first < tf.shape(images)[0]:
            part = slice(first, first + size)
            more = self._forward_and_back(images[part], label_maps[part], num_images)
            loss, counts, first = loss + more[0], counts + more[1], first + size
            gradients = [a + b for a, b in zip(gradients, more[2], strict=True)]
        return loss, counts, gradients

    def _forward_and_back(
        self, images: tf.Tensor, label_maps: tf.Tensor, num_images: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            logits = tf.cast(self._model(images, training=True), tf.float32)
            loss = pixel_loss(logits, label_maps, self._config.loss_at) / num_images
        said = tf.argmax(logits, axis=-1, output_type=tf.int32)
        counts = count_pixels(label_maps[:, ::STRIDE, ::STRIDE], said, logits.shape[-1])
        return loss, counts, tape.gradient(loss, self._model.trainable_variables)

    def _caffe_gradient(
        self, gradient: tf.Tensor, variable: keras.Variable, rate: float
    ) -> tf.Tensor:
        """L2 decay (not on biases) and the layer's own rate, as Caffe's solver has them.

        Momentum is linear in the gradient, so a factor on it is a factor on the rate.
        """
        if not _is_bias(variable):
            gradient += self._config.weight_decay * tf.convert_to_tensor(variable)
        return rate * gradient


def pixel_loss(logits: tf.Tensor, label_maps: tf.Tensor, at: str) -> tf.Tensor:
    """Sum over images of the mean cross-entropy over an image; void counts as 0.

    Args:
        logits: float32 [b, h, w, C].
        label_maps: int32 [b, 8 (h - 1) + 1, 8 (w - 1) + 1].
        at: `grid`: each score against the label of its own pixel, as DeepLab does. `pixels`:
            scores are interpolated, and every pixel counts.
    """
    if at == "grid":
        label_maps = label_maps[:, ::STRIDE, ::STRIDE]
    else:
        logits = upsample(logits, tf.shape(label_maps)[1], tf.shape(label_maps)[2])
    known = label_maps != VOID
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.where(known, label_maps, 0), logits=logits
    )
    losses = tf.where(known, losses, 0.0)
    return tf.reduce_sum(tf.reduce_mean(losses, axis=[1, 2]))


def make_optimizer(config: TrainConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The Keras optimiser with its schedule."""
    schedule: keras.optimizers.schedules.LearningRateSchedule
    if config.schedule == "poly":
        schedule = keras.optimizers.schedules.PolynomialDecay(
            config.learning_rate, config.epochs * steps_per_epoch, 0.0, _POLY_POWER
        )
    else:
        schedule = keras.optimizers.schedules.ExponentialDecay(
            config.learning_rate, config.decay_epochs * steps_per_epoch, 0.1, staircase=True
        )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(schedule, momentum=config.momentum)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def _is_bias(variable: keras.Variable) -> bool:
    return variable.path.endswith("/bias")


def _rate(variable: keras.Variable, last_layer_rate: float) -> float:
    """DeepLab's factors of the learning rate: 10 for the last layer, times 2 for biases."""
    last = variable.path.startswith(f"{_LAST_LAYER}/")
    return (last_layer_rate if last else 1.0) * (2.0 if _is_bias(variable) else 1.0)
