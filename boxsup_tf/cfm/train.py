"""Trains the network of CFM: an image and some of its segments a step."""

import math

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.cfm.config import CfmConfig
from boxsup_tf.cfm.network import CfmNetwork
from boxsup_tf.cfm.run_folder import checkpoint_of, open_run, restore
from boxsup_tf.cfm.sampling import Samples, load_images
from boxsup_tf.errors import InputError
from boxsup_tf.models.checkpoint_state import mend_state
from boxsup_tf.training.damaged_records import damaged_records_explained
from boxsup_tf.training.history import History


def train_cfm(model_dir: str, config: CfmConfig) -> list[dict]:
    """Trains, or goes on with the first epoch that an interrupted training has not finished.

    Args:
        model_dir: gets a checkpoint after every epoch, cfm.json and metrics.json.
        config: the same as before where `model_dir` holds a training; `epochs` may grow.

    Returns:
        The metrics of every epoch, as in metrics.json: `loss`, the mean over images, and
        `accuracy`, the share of segments whose class was right before the step.

    Raises:
        InputError: see `load_images`, `open_run` and `CfmNetwork.load_weights`; or the loss is not
            a finite number.
    """
    source = load_images(config.train_data)
    network = CfmNetwork(source.info.class_names, config)
    samples = Samples(source, network, config)
    optimizer = _make_optimizer(config, len(samples))
    optimizer.build(network.trainable_variables)
    done = tf.Variable(0, dtype=tf.int64, trainable=False)
    mend_state(model_dir)
    manager = tf.train.CheckpointManager(checkpoint_of(network, optimizer, done), model_dir, 1)
    if manager.latest_checkpoint is None:
        network.load_weights(config.init)  # may be missing: before anything is written
    open_run(model_dir, config, source.info)
    if manager.latest_checkpoint:
        restore(manager.checkpoint, manager.latest_checkpoint)
        print(f"{model_dir}: going on with epoch {int(done) + 1}")
    history = History(model_dir, int(done))
    step = _Step(network, optimizer)
    for epoch in range(int(done), config.epochs):
        with damaged_records_explained(config.train_data):
            history.add(epoch, _run_epoch(step, samples, epoch))
        done.assign_add(1)
        manager.save()
    return history.epochs


def _make_optimizer(config: CfmConfig, steps: int) -> keras.optimizers.SGD:
    schedule = keras.optimizers.schedules.ExponentialDecay(
        config.learning_rate, config.decay_epochs * steps, 0.1, staircase=True
    )
    optimizer = keras.optimizers.SGD(
        schedule,
        momentum=config.momentum,
        weight_decay=config.weight_decay or None,
        global_clipnorm=config.clip_norm or None,
    )
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


class _Step(tf.Module):
    def __init__(self, network: CfmNetwork, optimizer: keras.optimizers.Optimizer) -> None:
        super().__init__()
        self._network, self._optimizer = network, optimizer

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, 3], tf.float32),
            tf.TensorSpec([None, None, None], tf.bool),
            tf.TensorSpec([None, 4], tf.int32),
            tf.TensorSpec([None], tf.int64),
        ]
    )
    def __call__(
        self, inputs: tf.Tensor, masks: tf.Tensor, boxes: tf.Tensor, labels: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The mean loss of the segments, and how many were right; float32 and int64 scalars."""
        with tf.GradientTape() as tape:
            features = self._network.features(inputs)
            logits = self._network.scores(features, masks, boxes, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            loss = tf.reduce_mean(losses)
        variables = self._network.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)
        right = tf.argmax(logits, axis=1) == labels
        return loss, tf.math.count_nonzero(right)


def _run_epoch(step: _Step, samples: Samples, epoch: int) -> dict[str, float | None]:
    losses, num_right, num_segments = list[float](), 0, 0
    images = tqdm(
        samples.of_epoch(epoch), desc=f"epoch {epoch + 1}", unit="image", total=len(samples)
    )
    for inputs, masks, boxes, labels, name in images:
        if not labels.shape[0]:
            continue
        loss, right = step(inputs, masks, boxes, labels)
        losses.append(float(loss))
        if not math.isfinite(losses[-1]):
            raise InputError(
                f"the loss is {losses[-1]} at epoch {epoch + 1}, image {name.numpy().decode()}: "
                "expected a finite number; try a smaller --learning_rate or a --clip_norm in "
                "another --model_dir"
            )
        num_right, num_segments = num_right + int(right), num_segments + int(labels.shape[0])
        images.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    if not losses:
        return {"loss": None, "accuracy": None}
    return {"loss": float(np.mean(losses)), "accuracy": num_right / num_segments}
