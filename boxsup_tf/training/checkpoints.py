"""A run's folder: its settings, and one tf.train.Checkpoint with all that a resume needs."""

import dataclasses
import importlib.metadata
import json
import os

import keras
import tensorflow as tf

from boxsup_tf import fields
from boxsup_tf.data.dataset_info import write_json
from boxsup_tf.errors import InputError
from boxsup_tf.models.largefov import build_largefov
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training.config import TrainConfig

_PACKAGES = ("boxsup_tf", "tensorflow", "keras", "numpy")
# Settings that may change between a run and its resumption without changing what it learns.
_FREE = ("epochs", "checkpoint_minutes", "num_pictures")


class Progress(tf.Module):
    """How far a run is, as variables of its checkpoint.

    Attributes:
        epoch: network updates done.
        step: batches done of the next one.
        masks_updated: the mask update before that epoch is done.
        loss: mean over the batches done of the epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.masks_updated = tf.Variable(False, trainable=False)
        self.loss = keras.metrics.Mean(name="loss")

    def __str__(self) -> str:
        masks = "done" if self.masks_updated.numpy() else "not done"
        return f"epoch {int(self.epoch)}, step {int(self.step)}, mask update {masks}"


class Checkpoints:
    """Saves and restores a run."""

    def __init__(
        self,
        model_dir: str,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        labelling: Labelling,
        progress: Progress,
    ) -> None:
        # tf.train.Checkpoint finds a Keras model's weights and an optimiser's slots by itself,
        # but neither the random states of dropout nor the sums of a metric.
        weights = {id(variable) for variable in model.weights}
        states = [variable for variable in model.variables if id(variable) not in weights]
        checkpoint = tf.train.Checkpoint(
            model=model,
            optimizer=optimizer,
            labelling=labelling.chosen,
            progress=progress,
            random_states=[variable.value for variable in states],
            loss=[variable.value for variable in progress.loss.variables],
        )
        self._manager = tf.train.CheckpointManager(checkpoint, model_dir, max_to_keep=2)

    def save(self) -> None:
        """Writes a checkpoint; the one before it stays until this one is whole."""
        self._manager.save()

    def restore(self) -> str | None:
        """Restores the newest checkpoint; its path, or None where there is none yet."""
        path = self._manager.latest_checkpoint
        if path:
            self._manager.checkpoint.restore(path).assert_existing_objects_matched()
        return path


def open_run(
    model_dir: str, config: TrainConfig, class_names: tuple[str, ...], digests: list[str]
) -> None:
    """Makes a run's folder, or checks that an existing one belongs to this very run.

    Args:
        digests: of the training sources and the validation data.

    Raises:
        InputError: the folder holds a run with other settings, data or classes.
    """
    path = os.path.join(model_dir, fields.CONFIG_FILE)
    settings = dataclasses.asdict(config) | {
        "class_names": list(class_names),
        "data_digests": digests,
    }
    if os.path.exists(path):
        found = _read_config(model_dir)
        for name in settings.keys() - set(_FREE):
            if found.get(name) != settings[name]:
                raise InputError(
                    f"{model_dir}: holds a run with {name} = {found.get(name)!r}: expected "
                    f"{settings[name]!r}; choose another --model_dir or delete it"
                )
    os.makedirs(model_dir, exist_ok=True)
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    write_json(path, settings | {"versions": versions})


def load_model(model_dir: str) -> tuple[keras.Model, tuple[str, ...]]:
    """The network of a run's newest checkpoint.

    Returns:
        The model (see `models.largefov`) and its class names, background first.

    Raises:
        InputError: the folder holds no run, or a run without a checkpoint.
    """
    config = _read_config(model_dir)
    path = tf.train.latest_checkpoint(model_dir)
    if path is None:
        raise InputError(f"{model_dir}: no checkpoint yet: expected a run of train.py")
    class_names = tuple(config["class_names"])
    model = build_largefov(len(class_names), config["width_multiplier"])
    tf.train.Checkpoint(model=model).restore(
        path
    ).expect_partial().assert_existing_objects_matched()
    return model, class_names


def load_network_weights(model: keras.Model, model_dir: str) -> None:
    """Starts a network from another run's.

    Raises:
        InputError: no run, or a network of other classes or width.
    """
    trained, _ = load_model(model_dir)
    for ours, theirs in zip(model.weights, trained.weights, strict=True):
        if ours.shape != theirs.shape:
            raise InputError(
                f"{model_dir}: {theirs.path} is {list(theirs.shape)}: expected "
                f"{list(ours.shape)}; its network has other classes or another width"
            )
    model.set_weights(trained.get_weights())


def _read_config(model_dir: str) -> dict:
    path = os.path.join(model_dir, fields.CONFIG_FILE)
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError:
        raise InputError(f"{path}: not found: expected a folder written by train.py") from None
    except ValueError as error:
        raise InputError(f"{path}: damaged: {error}") from None
