"""The alternating optimisation (BoxSup, Sec. 3.3): mask update, network update, repeat."""

import dataclasses
import os
import time

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.models.networks import build_network
from boxsup_tf.models.weights import load_initial_weights
from boxsup_tf.records import dataset_info
from boxsup_tf.training import checkpoints, feedback, pictures, run_settings
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.epoch import train_epoch
from boxsup_tf.training.history import History
from boxsup_tf.training.input_pipeline import TrainingPipeline, fill_crops, steps_per_epoch
from boxsup_tf.training.mask_update import MaskUpdate
from boxsup_tf.training.network import Network, freeze
from boxsup_tf.training.network_update import NetworkUpdate, make_optimizer
from boxsup_tf.training.sources import Source, check_pruning, empty_labelling, load_sources
from boxsup_tf.training.validation import Validation
from boxsup_tf.training.write_errors import full_disk_explained


def train(model_dir: str, config: TrainConfig) -> list[dict]:
    """Trains a network, or goes on with a run that was interrupted.

    Args:
        model_dir: gets checkpoints, TensorBoard events, config.json, metrics.json and the
            mask-evolution picture.
        config: the same as before where `model_dir` holds a run; `epochs` may grow.

    Returns:
        The figures of every epoch, as in metrics.json.

    Raises:
        InputError: see `sources.load_sources` and `check_pruning`, `run_settings.open_run` and
            `weights.load_initial_weights`; or the loss is not a number, or the disk is full.
    """
    sources = load_sources(config.train_data)
    check_pruning(sources, config.min_box_iou)
    info = sources[0].info
    digests = [source.info.digest for source in sources]
    val_info = None
    if config.val_data:
        val_info = dataset_info.load_complete(config.val_data)
        dataset_info.check_same_classes(
            sources[0].folder, info.class_names, config.val_data, val_info.class_names
        )
        digests.append(val_info.digest)
    strategy = tf.distribute.get_strategy()
    with strategy.scope():
        model = build_network(
            config.network,
            len(info.class_names),
            config.width_multiplier,
            config.dropout,
            config.seed,
            config.dtype_policy,
        )
    with full_disk_explained(model_dir):
        run_settings.open_run(model_dir, config, info.class_names, digests)
        run = _Run(model_dir, config, sources, val_info, model, strategy)
        with tf.summary.create_file_writer(model_dir).as_default():
            return run.run()


class _Run:
    """The parts of a run, and the order in which they act."""

    def __init__(
        self,
        model_dir: str,
        config: TrainConfig,
        sources: list[Source],
        val_info: dataset_info.DatasetInfo | None,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
    ) -> None:
        self._model_dir, self._config = model_dir, config
        self._labelling = labelling = empty_labelling(sources)
        freeze(model, config.frozen_blocks)
        self._steps = steps_per_epoch(sources, config)
        with strategy.scope():
            optimizer = make_optimizer(config, self._steps)
            optimizer.build(model.trainable_variables)
        self._progress = checkpoints.Progress(len(sources[0].info.class_names))
        self._checkpoints = checkpoints.Checkpoints(
            model_dir, model, optimizer, labelling, self._progress, config.keep_checkpoints
        )
        # Weights come first: features of frozen blocks, which the rest may read, depend on them.
        if restored := self._checkpoints.restore():
            print(f"resuming from {restored}: {self._progress}")
        else:
            _initialise(model, config, sources[0].info.class_names)
        network = Network(model, config)
        if network.cache:
            fill_crops(network.cache, sources, config)
        self._class_names = sources[0].info.class_names
        self._pipeline = TrainingPipeline(sources, labelling, config, network.cache)
        self._mask_update = MaskUpdate(network, sources, labelling, config)
        self._network_update = NetworkUpdate(
            network.trained, optimizer, strategy, config, self._progress.loss
        )
        self._validation = None
        if val_info:
            self._validation = Validation(network, config.val_data, val_info)
        self._pictures = pictures.Pictures(model_dir, model, sources, labelling, config)

    def run(self) -> list[dict]:
        progress = self._progress
        first = int(progress.epoch)
        history = History(self._model_dir, first + bool(progress.masks_updated.numpy()))
        for epoch in range(first, self._config.epochs):
            if not progress.masks_updated.numpy():
                self._update_masks(epoch, history)
                progress.masks_updated.assign(True)
                self._checkpoints.save()
            self._train_epoch()
            figures = self._validate(epoch)
            agreement = ConfusionMatrix(progress.agreement.numpy())
            history.add(
                epoch,
                {
                    "loss": float(progress.loss.result()),
                    "train_mean_iou": agreement.mean_iou,
                    **figures,
                },
            )
            # Before the epoch counts as done, so that a killed run does not forget its best.
            if (score := figures.get("val_mean_iou")) is not None:
                self._checkpoints.save_if_best(score)
            taught = agreement.counts.any(axis=1)
            progress.learnt.assign(np.where(taught, agreement.iou, np.nan))
            progress.loss.reset_state()
            progress.agreement.assign(tf.zeros_like(progress.agreement))
            progress.epoch.assign(epoch + 1)
            progress.step.assign(0)
            progress.masks_updated.assign(False)
            self._checkpoints.save()
        if first >= self._config.epochs:
            print(f"{self._model_dir}: already trained for {first} epochs: nothing to do")
        if best := self._checkpoints.best():
            print(
                f"best of the {int(progress.epoch)} epochs: {best[0]}, validation mean IoU "
                f"{best[1]:.4f}: {os.path.join(self._model_dir, checkpoints.BEST_FOLDER)}"
            )
        if path := self._pictures.write_evolution(int(progress.epoch)):
            print(f"masks over the updates: {path}")
        return history.epochs

    def _update_masks(self, epoch: int, history: History) -> None:
        """Chooses the labelling before an epoch, unless none or the same one would come of it."""
        config = self._config
        if epoch % config.update_every if config.update_every else epoch:
            return
        asks = config.feedback_weight > 0 and epoch >= config.warmup_epochs
        by_chance = config.k > 1
        if epoch and not asks and not by_chance:
            return
        learnt = self._progress.learnt.numpy()
        weights = feedback.weights_at(config, epoch, learnt)
        if doubts := feedback.doubts(config, epoch, learnt, self._class_names):
            print(f"mask update {epoch}: {doubts}", flush=True)
        if epoch == 0 and weights.feedback.any():
            # What the boxes alone would choose is what the network's first choice is held against.
            self._choose(epoch, feedback.without_feedback(config), history)
        self._choose(epoch, weights, history)
        self._pictures.show(epoch)

    def _choose(self, epoch: int, weights: feedback.Weights, history: History) -> None:
        updated = self._mask_update.run(epoch, *weights)
        if updated is None:
            return
        labelling, report = updated
        first_fill = self._progress.first_fill
        if not weights.feedback.any() and epoch == 0:
            first_fill.assign(report.chosen_fill)
        alarm = feedback.alarm(report, float(first_fill))
        figures = dataclasses.asdict(report) | {
            "feedback_weight": float(weights.feedback.max()),
            "believed_classes": int((weights.feedback[1:] > 0).sum()),
        }
        history.add(epoch, figures | {"refused": float(bool(alarm))})
        if alarm:
            print(f"mask update {epoch}: {alarm}; the labelling before stays", flush=True)
        else:
            self._labelling.chosen.assign(labelling)

    def _train_epoch(self) -> None:
        saved = time.monotonic()
        for _ in train_epoch(
            self._pipeline, self._network_update, self._progress, self._steps, self._model_dir
        ):
            if time.monotonic() - saved > 60 * self._config.checkpoint_minutes:
                self._checkpoints.save()
                saved = time.monotonic()

    def _validate(self, epoch: int) -> dict[str, float | None]:
        done = epoch + 1
        due = done % self._config.validate_every == 0 or done == self._config.epochs
        return self._validation.run() if self._validation and due else {}


def _initialise(model: keras.Model, config: TrainConfig, class_names: tuple[str, ...]) -> None:
    if os.path.isdir(config.init):
        architecture = run_settings.architecture_of(config, class_names)
        checkpoints.load_network_weights(model, architecture, config.init)
    else:
        load_initial_weights(model, config.init)
