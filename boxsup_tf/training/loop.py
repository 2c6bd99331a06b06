"""The alternating optimisation (BoxSup, Sec. 3.3): mask update, network update, repeat."""

import math
import os
import time

import keras
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.data import dataset_info
from boxsup_tf.errors import InputError
from boxsup_tf.models.largefov import build_largefov
from boxsup_tf.models.weights import load_initial_weights
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training import checkpoints, pictures
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.history import History
from boxsup_tf.training.input_pipeline import TrainingPipeline
from boxsup_tf.training.mask_update import MaskUpdate
from boxsup_tf.training.network_update import NetworkUpdate, make_optimizer
from boxsup_tf.training.sources import Source, check_pruning, load_sources
from boxsup_tf.training.validation import Validation


def train(model_dir: str, config: TrainConfig) -> list[dict]:
    """Trains a network, or goes on with a run that was interrupted.

    Args:
        model_dir: gets checkpoints, TensorBoard events, config.json, metrics.json and the
            mask-evolution picture.
        config: the same as before where `model_dir` holds a run; `epochs` may grow.

    Returns:
        The figures of every epoch, as in metrics.json.

    Raises:
        InputError: see `sources.load_sources` and `check_pruning`, `checkpoints.open_run` and
            `weights.load_initial_weights`; or the loss is not a number.
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
        model = build_largefov(
            len(info.class_names), config.width_multiplier, config.dropout, config.seed
        )
    checkpoints.open_run(model_dir, config, info.class_names, digests)
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
        self._model_dir, self._config, self._class_names = (
            model_dir,
            config,
            sources[0].info.class_names,
        )
        self._model = model
        labelling = Labelling(
            {
                source.example_id(example): example.num_boxes or 0
                for source in sources
                if source.is_box
                for example in source.examples
            }
        )
        self._pipeline = TrainingPipeline(sources, labelling, config)
        with strategy.scope():
            optimizer = make_optimizer(config, self._pipeline.steps_per_epoch)
            optimizer.build(model.trainable_variables)
        self._mask_update = MaskUpdate(model, sources, labelling, config)
        self._progress = checkpoints.Progress()
        self._network_update = NetworkUpdate(
            model, optimizer, strategy, config, self._progress.loss
        )
        self._validation = None
        if val_info:
            self._validation = Validation(model, config.val_data, val_info)
        self._pictures = pictures.Pictures(model_dir, model, sources, labelling, config)
        self._checkpoints = checkpoints.Checkpoints(
            model_dir, model, optimizer, labelling, self._progress
        )

    def run(self) -> list[dict]:
        progress = self._progress
        restored = self._checkpoints.restore()
        if restored:
            print(f"resuming from {restored}: {progress}")
        else:
            self._initialise()
        first = int(progress.epoch)
        history = History(self._model_dir, first + bool(progress.masks_updated.numpy()))
        for epoch in range(first, self._config.epochs):
            if not progress.masks_updated.numpy():
                self._update_masks(epoch, history)
                progress.masks_updated.assign(True)
                self._checkpoints.save()
            self._train_epoch(epoch)
            history.add(epoch, {"loss": float(progress.loss.result()), **self._validate()})
            progress.loss.reset_state()
            progress.epoch.assign(epoch + 1)
            progress.step.assign(0)
            progress.masks_updated.assign(False)
            self._checkpoints.save()
        if first >= self._config.epochs:
            print(f"{self._model_dir}: already trained for {first} epochs: nothing to do")
        if path := self._pictures.write_evolution(int(progress.epoch)):
            print(f"masks over the updates: {path}")
        return history.epochs

    def _initialise(self) -> None:
        init = self._config.init
        if os.path.isdir(init):
            checkpoints.load_network_weights(self._model, init)
        else:
            load_initial_weights(self._model, init)

    def _update_masks(self, epoch: int, history: History) -> None:
        if report := self._mask_update.run(epoch):
            history.add(
                epoch,
                {
                    "pseudo_mask_mean_iou": report.pseudo_mask_mean_iou,
                    "changed_share": report.changed_share,
                    "chosen_overlap_cost": report.overlap_cost,
                    "chosen_belief_cost": report.belief_cost,
                    "num_rectangles": report.num_rectangles,
                },
            )
        self._pictures.show(epoch)

    def _train_epoch(self, epoch: int) -> None:
        progress, steps = self._progress, self._pipeline.steps_per_epoch
        self._pipeline.start(epoch, int(progress.step))
        saved = time.monotonic()
        with tqdm(
            total=steps, initial=int(progress.step), desc=f"epoch {epoch}", unit="step"
        ) as bar:
            for images, label_maps in self._pipeline.dataset:
                loss = float(self._network_update.step(images, label_maps))
                if not math.isfinite(loss):
                    raise InputError(
                        f"{self._model_dir}: the loss is {loss} at epoch {epoch}, step "
                        f"{int(progress.step)}: expected a finite number; the last checkpoint is "
                        "kept; try a smaller --learning_rate or a --clip_norm"
                    )
                progress.step.assign_add(1)
                bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
                bar.update()
                if time.monotonic() - saved > 60 * self._config.checkpoint_minutes:
                    self._checkpoints.save()
                    saved = time.monotonic()

    def _validate(self) -> dict:
        if self._validation is None:
            return {}
        counts = self._validation.run()
        return {
            "val_mean_iou": counts.mean_iou,
            **{f"val_iou/{k}": v for k, v in counts.per_class(self._class_names).items()},
        }
