"""Network update: the labelling is fixed, SGD runs for an epoch (BoxSup, Sec. 3.3).

The loop over batches is ours and not `model.fit`, which does not run on several workers with
Keras 3.15 (its losses do not reduce across replicas).
"""

import time

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.labels import VOID
from boxsup_tf.metrics.count_in_graph import count_pixels
from boxsup_tf.models.as_written import as_written
from boxsup_tf.training import scalars
from boxsup_tf.training.checkpoints import Checkpoints, Progress
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feature_cache import Features
from boxsup_tf.training.input_pipeline import TrainingPipeline
from boxsup_tf.training.loss_watch import LossWatch
from boxsup_tf.training.pixel_loss import PixelLoss
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers


class NetworkUpdate:
    """Trains the network for an epoch, under a tf.distribute strategy.

    The loss is the mean over the crop, in which void pixels count as 0. Dividing by a number of
    pixels that does not depend on the labels makes a batch's gradient the exact sum of its parts'.

    Args:
        network: of the run.
        optimizer: built for the trainable variables of `network.trained`.
        workers: under whose strategy's scope both were made.
        config: of the run.
        mean_loss: gets the loss of every step.
        class_weights: see `PixelLoss`.

    Attributes:
        learning_rate: where the last call of `run` began.
        images_per_second: of its steps; None where there was none to take.
    """

    def __init__(
        self,
        network: TrainingNetwork,
        optimizer: keras.optimizers.Optimizer,
        workers: Workers,
        config: TrainConfig,
        mean_loss: keras.metrics.Metric,
        class_weights: np.ndarray | None = None,
    ) -> None:
        self._model, self._optimizer, self._workers = network.trained, optimizer, workers
        self._strategy = workers.strategy
        self._config, self._mean_loss = config, mean_loss
        self._stride = network.segmenter.family.stride
        self.learning_rate = float(optimizer.learning_rate)
        self.images_per_second: float | None = None
        self._gradients = self._gradients_of
        if config.jit_compile:
            self._gradients = tf.function(self._gradients_of, jit_compile=True)
        self._loss = PixelLoss(config.loss_at, self._stride, config.loss, class_weights)
        self._rates = network.segmenter.learning_rate_factors(
            self._model.trainable_variables, config.last_layer_rate
        )

    def run(
        self,
        pipeline: TrainingPipeline,
        progress: Progress,
        checkpoints: Checkpoints,
        num_steps: int,
    ) -> None:
        """Takes the steps of the present epoch that are not done yet.

        Args:
            pipeline: of the run.
            progress: says which steps are done, counts on, and adds up the agreement.
            checkpoints: one is written every `checkpoint_minutes`.
            num_steps: of a whole epoch.

        Raises:
            InputError: the loss is not a finite number.
        """
        epoch, done = int(progress.epoch), int(progress.step)
        self.learning_rate = float(self._optimizer.learning_rate)
        scalars.show({"learning_rate": self.learning_rate}, epoch)
        pipeline.start(epoch, done)
        watch = LossWatch(checkpoints, self._strategy, epoch, done)
        started = saved = time.monotonic()
        with tqdm(
            total=num_steps,
            initial=done,
            desc=f"epoch {epoch + 1}",
            unit="step",
            leave=False,  # a line stays, see `epoch_line`
            disable=not self._workers.is_chief,
        ) as bar:
            # Of no batch a worker would still get the empty part that the last one may have.
            batches = pipeline.dataset if done < num_steps else ()
            for images, label_maps, example_ids in batches:
                loss, counts = self.step(images, label_maps)
                progress.agreement.assign_add(counts)
                progress.step.assign_add(1)
                watch.add(loss, example_ids)
                if watch.is_due:
                    last = watch.look()
                    bar.set_postfix(loss=f"{last:.3f}", refresh=False)
                    scalars.show({"step_loss": last}, epoch * num_steps + int(progress.step))
                bar.update()
                if time.monotonic() - saved > 60 * self._config.checkpoint_minutes:
                    watch.look()
                    checkpoints.save()
                    saved = time.monotonic()
            watch.look()
        images = (num_steps - done) * self._config.batch_size
        self.images_per_second = images / (time.monotonic() - started) if images else None
        scalars.show({"images_per_second": self.images_per_second}, epoch)

    @tf.function(reduce_retracing=True)
    @as_written
    def step(self, images: Features, label_maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Runs one step and adds its loss to the mean.

        Args:
            images: float32 [b, S, S, 3], preprocessed (per replica), or cached features.
            label_maps: int32 [b, S, S].

        Returns:
            The loss of the whole batch, float32 scalar; and how often each label was taken for
            each class before the step, int64 [C, C], counted at the pixels of the scores.
        """
        parts = self._strategy.run(self._replica_step, (images, label_maps))
        loss, counts = (
            self._strategy.reduce(tf.distribute.ReduceOp.SUM, part, axis=None) for part in parts
        )
        self._mean_loss.update_state(loss)
        return loss, counts

    def _replica_step(self, images: Features, label_maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        num_images = context.all_reduce(
            tf.distribute.ReduceOp.SUM, tf.cast(tf.shape(label_maps)[0], tf.float32)
        )
        if replicas > 1:
            images, label_maps = _at_least_one(images, label_maps)
        variables = self._model.trainable_variables
        loss, counts, gradients = self._in_parts(images, label_maps, num_images)
        scale = self._optimizer.scale_loss(1.0)
        # The optimiser adds up the replicas' gradients. What is to act on their sum, or once, must
        # therefore be shared out: the clipped sum, and the decay. With a loss scale all replicas
        # must see the sum, so that all leave a step out.
        if self._config.clip_norm or self._config.precision == "float16":
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            if self._config.clip_norm:
                limit = self._config.clip_norm * scale
                gradients, _ = tf.clip_by_global_norm(gradients, limit)
            # One replica divides by nothing: even "/ 1" lets the graph be rewritten, and the last
            # digits change.
            if replicas > 1:
                gradients = [gradient / replicas for gradient in gradients]
        if self._config.optimizer == "sgd":
            decay = self._config.weight_decay / replicas * scale
            gradients = [
                _caffe_gradient(gradient, variable, rate, decay)
                for gradient, variable, rate in zip(gradients, variables, self._rates, strict=True)
            ]
        self._optimizer.apply(gradients, variables)
        return loss, counts

    def _in_parts(
        self, images: Features, label_maps: tf.Tensor, num_images: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """The replica's share of the batch's loss, counts and gradients, a part at a time.

        Args:
            images, label_maps: see `step`.
            num_images: float32 scalar, of the whole batch.
        """
        if self._config.accumulate == 1:
            return self._forward_and_back(images, label_maps, num_images)
        size = -(-self._config.batch_size // self._config.accumulate)
        first_part = _part((images, label_maps), slice(None, size))

        def add_part(first: tf.Tensor, sums: tuple) -> tuple[tf.Tensor, tuple]:
            part = _part((images, label_maps), slice(first, first + size))
            more = self._forward_and_back(*part, num_images)
            return first + size, tf.nest.map_structure(tf.add, sums, more)

        return tf.while_loop(
            lambda first, _: first < tf.shape(label_maps)[0],
            add_part,
            (tf.constant(size), self._forward_and_back(*first_part, num_images)),
        )[1]

    def _forward_and_back(
        self, images: Features, label_maps: tf.Tensor, num_images: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        loss, logits, gradients = self._gradients(images, label_maps, num_images)
        predicted = tf.argmax(logits, axis=-1, output_type=tf.int32)
        on_grid = label_maps[:, :: self._stride, :: self._stride]
        return loss, count_pixels(on_grid, predicted, logits.shape[-1]), gradients

    def _gradients_of(
        self, images: Features, label_maps: tf.Tensor, num_images: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """The loss, the logits, and the gradients of the loss as it is scaled."""
        with tf.GradientTape() as tape:
            logits = tf.cast(self._model(images, training=True), tf.float32)
            loss = self._loss(logits, label_maps) / num_images
            scaled = self._optimizer.scale_loss(loss)
        return loss, logits, tape.gradient(scaled, self._model.trainable_variables)


def _caffe_gradient(
    gradient: tf.Tensor, variable: keras.Variable, rate: float, decay: float | tf.Tensor
) -> tf.Tensor:
    """L2 decay (of kernels alone) and the layer's own rate, as Caffe's solver has them.

    Momentum is linear in the gradient, so a factor on it is a factor on the rate.
    """
    if len(variable.shape) > 1:
        gradient += decay * tf.convert_to_tensor(variable)
    return rate * gradient


def _part(tensors: tuple[Features, tf.Tensor], images: slice) -> tuple[Features, tf.Tensor]:
    """Some of the images of every tensor."""
    return tf.nest.map_structure(lambda tensor: tensor[images], tensors)


def _at_least_one(images: Features, label_maps: tf.Tensor) -> tuple[Features, tf.Tensor]:
    """An image of void for a replica that a small batch left without: oneDNN fails on none."""
    missing = tf.cast(tf.shape(label_maps)[0] == 0, tf.int32)
    images = tf.nest.map_structure(
        lambda part: tf.pad(part, [[0, missing], [0, 0], [0, 0], [0, 0]]), images
    )
    return images, tf.pad(label_maps, [[0, missing], [0, 0], [0, 0]], constant_values=VOID)
