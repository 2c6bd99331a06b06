"""Checkpoints of a run: all that a resume needs, and the best network."""

import contextlib
import math
import os
import re
from collections.abc import Collection, Iterator

import keras
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import write_json
from boxsup_tf.models.architecture import CONFIG_FILE, read_architecture, read_settings
from boxsup_tf.models.saved_network import BEST_FOLDER, restoring
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training.write_errors import write_failed

# What TensorFlow writes into the folder while a checkpoint comes about, by its name.
_CHECKPOINT_FILE = re.compile(r"(ckpt-\d+)(_temp|\.index|\.data-.*)")
_STATE_FILE = "checkpoint.tmp"


class Progress(tf.Module):
    """How far a run is, as variables of its checkpoint.

    Attributes:
        epoch: network updates done.
        step: batches done of the next one.
        masks_updated: the mask update before that epoch is done.
        loss: mean over the batches done of the epoch.
        agreement: int64 [C, C], pixels that the network learnt from in the batches done of the
            epoch, by label and by its prediction.
        learnt: float32 [C], IoU of each class by the agreement of the last whole epoch; NaN for
            classes of which no pixel was seen, 0 before the first epoch.
        first_fill: coverage of the run's first labelling, see `MaskUpdateReport.coverage`.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.masks_updated = tf.Variable(False, trainable=False)
        self.loss = keras.metrics.Mean(name="loss")
        counts = tf.zeros([num_classes, num_classes], tf.int64)
        self.agreement = tf.Variable(counts, trainable=False)
        self.learnt = tf.Variable(tf.zeros([num_classes]), trainable=False)
        self.first_fill = tf.Variable(0.0, trainable=False)

    def __str__(self) -> str:
        masks = "done" if self.masks_updated.numpy() else "not done"
        return f"{int(self.epoch)} epochs done, step {int(self.step)}, mask update {masks}"


class Checkpoints:
    """Saves and restores a run, and keeps its best network.

    Args:
        model_dir: the run's folder, made by `run_settings.open_run`.
        model, optimizer, labelling, progress: what a checkpoint holds.
        keep: how many of the newest checkpoints stay.
        writes: whether they are written; of several processes one does, and all read.
    """

    def __init__(
        self,
        model_dir: str,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        labelling: Labelling,
        progress: Progress,
        keep: int = 2,
        writes: bool = True,
    ) -> None:
        self._model_dir, self._progress, self._writes = model_dir, progress, writes
        self._numbers = [
            variable
            for variable in (*model.weights, *optimizer.variables)
            if keras.backend.is_float_dtype(variable.dtype)
        ]
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
        self._manager = tf.train.CheckpointManager(checkpoint, model_dir, max_to_keep=keep)
        self._best_score = tf.Variable(-math.inf, dtype=tf.float64, trainable=False)
        self._best_epoch = tf.Variable(-1, dtype=tf.int64, trainable=False)
        best = tf.train.Checkpoint(model=model, score=self._best_score, epoch=self._best_epoch)
        folder = os.path.join(model_dir, BEST_FOLDER)
        self._best = tf.train.CheckpointManager(best, folder, max_to_keep=1)

    def save(self) -> None:
        """Writes a checkpoint; the one before it stays until this one is whole.

        Raises:
            InputError: a weight is no longer a finite number, or the checkpoint cannot be
                written. The checkpoints before are as they were.
        """
        self._check_finite()
        if self._writes:
            with self._removing_unfinished(self._manager):
                self._manager.save()

    def save_if_best(self, score: float) -> None:
        """Keeps the network in the folder `best` if no epoch before had so high a score.

        Args:
            score: of the validation; NaN is never the best.

        Raises:
            InputError: as `save`.
        """
        if not score > float(self._best_score):
            return
        self._check_finite()
        self._best_score.assign(score)
        self._best_epoch.assign(self._progress.epoch)
        if not self._writes:
            return
        folder, last = self._best.directory, self._best.latest_checkpoint
        with self._removing_unfinished(self._best):
            # With the settings the folder is a whole of its own, to be loaded or copied.
            files.make_folders(folder)
            settings = read_settings(self._model_dir)
            write_json(os.path.join(folder, CONFIG_FILE), settings)
            # Not numbered by its own counter, which starts again in a new process.
            self._best.save(checkpoint_number=1 + (_number(last) if last else 0))

    def best(self) -> tuple[int, float] | None:
        """Epoch and score of the best network; None where none was scored yet."""
        epoch = int(self._best_epoch)
        return None if epoch < 0 else (epoch, float(self._best_score))

    def restore(self) -> str | None:
        """Restores the newest checkpoint; its path, or None where there is none yet.

        Raises:
            InputError: it is damaged, or of another network or optimiser.
        """
        path, best = self._manager.latest_checkpoint, self._best.latest_checkpoint
        if path:
            architecture = read_architecture(self._model_dir)
            with restoring(path, f"{architecture} and its optimiser"):
                status = self._manager.checkpoint.restore(path)
                status.expect_partial().assert_existing_objects_matched()
            if best:
                known = tf.train.Checkpoint(score=self._best_score, epoch=self._best_epoch)
                with restoring(best, "a score and an epoch"):
                    status = known.restore(best)
                    status.expect_partial().assert_existing_objects_matched()
        return path

    def diverged(self, what: str, where: str = "") -> InputError:
        """The error to raise where a training has left the finite numbers.

        Args:
            what: is not finite.
            where: that was; by default where the run is now.
        """
        last, progress = self._manager.latest_checkpoint, self._progress
        where = where or f"epoch {int(progress.epoch) + 1}, step {int(progress.step)}"
        kept = f"the last checkpoint, {last}, is from before" if last else "there is no checkpoint"
        return InputError(
            f"{self._model_dir}: {what} at {where}: expected a finite number; {kept}; try a "
            "smaller --learning_rate or a --clip_norm in another --model_dir"
        )

    def _check_finite(self) -> None:
        for variable in self._numbers:
            if not tf.reduce_all(tf.math.is_finite(variable.value)):
                raise self.diverged(f"{variable.path} is not finite")

    @contextlib.contextmanager
    def _removing_unfinished(self, manager: tf.train.CheckpointManager) -> Iterator[None]:
        whole = [os.path.basename(path) for path in manager.checkpoints]
        try:
            yield
        except (OSError, tf.errors.OpError) as error:
            _remove_unfinished(manager.directory, whole)
            raise write_failed(self._model_dir, error) from error


def _remove_unfinished(folder: str, whole: Collection[str]) -> None:
    """Removes the files of all checkpoints but those that are whole."""
    for name in files.names_in(folder) if files.is_folder(folder) else []:
        match, path = _CHECKPOINT_FILE.fullmatch(name), os.path.join(folder, name)
        if match and match[2] == "_temp":
            files.remove_folder(path)
        elif (match and match[1] not in whole) or name.startswith(_STATE_FILE):
            files.remove(path)


def _number(path: str) -> int:
    return int(path.rsplit("-", 1)[1])
