"""The alternating optimisation (BoxSup, Sec. 3.3): plan, mask update, network update, repeat."""

import contextlib
import dataclasses
import os

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.models.checkpoint_state import newest_checkpoint
from boxsup_tf.models.saved_network import BEST_FOLDER, start_from
from boxsup_tf.records import dataset_info
from boxsup_tf.training.checkpoints import Checkpoints, Progress
from boxsup_tf.training.class_weights import class_weights
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.epoch_line import EpochLines
from boxsup_tf.training.guarded import guarded
from boxsup_tf.training.history import History
from boxsup_tf.training.input_pipeline import (
    TrainingPipeline,
    check_shares,
    fill_crops,
    pseudo_mask,
    steps_per_epoch,
)
from boxsup_tf.training.mask_update import MaskUpdate, MaskUpdateReport
from boxsup_tf.training.network_update import NetworkUpdate
from boxsup_tf.training.optimizer import make_optimizer
from boxsup_tf.training.pictures import Pictures
from boxsup_tf.training.plan import (
    MaskUpdatePlan,
    boxes_alone,
    collapse_warning,
    never_asked,
    plan_mask_update,
)
from boxsup_tf.training.run_settings import DataSettings, open_run, settings_of_all_workers
from boxsup_tf.training.sources import check_pruning, empty_labelling, load_sources
from boxsup_tf.training.strategy import cluster_of_environment, make_strategy
from boxsup_tf.training.training_example import read_example
from boxsup_tf.training.training_network import TrainingNetwork, build_segmenter
from boxsup_tf.training.validation import Validation
from boxsup_tf.training.workers import Workers


def train(model_dir: str, config: TrainConfig) -> list[dict]:
    """Trains a network, or goes on with a run that was interrupted.

    Args:
        model_dir: gets checkpoints, TensorBoard events, config.json, metrics.json and the
            mask-evolution picture.
        config: the same as before where `model_dir` holds a run; `epochs` may grow.

    Returns:
        The metrics of every epoch, as in metrics.json.

    Raises:
        InputError: see `Trainer`; or NaN loss, a full disk, another process in `model_dir`.
    """
    with guarded(model_dir, config.train_data, config.strategy):
        return Trainer(model_dir, config).run()


class Trainer:
    """A run, new or resumed, and its parts, to be called one at a time or all by `run`.

    An epoch is `update_masks`, `update_network`, `validate`, `end_epoch`, in this order.

    Args:
        model_dir: the run's folder, see `train`.
        config: of the run.

    Attributes:
        class_names: index is label.
        network: what is trained; `network.segmenter` predicts with the present weights.
        labelling: the candidate that each box has now.
        progress: how far the run is.
        pipeline, mask_update, network_update: the parts of an epoch.
        history: the metrics of the epochs, see `History`.

    Raises:
        InputError: see `sources.load_sources` and `check_pruning`, `run_settings.open_run`,
            `Checkpoints.restore` and the network family's `load_weights`.
    """

    def __init__(self, model_dir: str, config: TrainConfig) -> None:
        self._model_dir, self._config = model_dir, config
        cluster = cluster_of_environment(config.strategy)
        strategy = make_strategy(config.strategy, cluster)
        self._workers = workers = Workers(strategy, cluster)
        self._sources = sources = load_sources(config.train_data)
        check_pruning(sources, config.min_box_iou, config.box_tolerance)
        self.class_names = class_names = sources[0].info.class_names
        data: DataSettings = {
            "data_digests": [source.info.digest for source in sources],
            "pools": [source.info.pools for source in sources if source.is_box],
        }
        val_info = None
        if config.val_data:
            val_info = dataset_info.load_complete(config.val_data)
            dataset_info.check_same_classes(
                sources[0].folder, class_names, config.val_data, val_info.class_names
            )
            data["data_digests"].append(val_info.digest)
        # Before anything else is shared, which would wait for what another worker lacks.
        workers.check_same(settings_of_all_workers(config, data))
        check_shares(sources, config, workers)
        self._num_steps = steps_per_epoch(sources, config)
        with strategy.scope():
            segmenter = build_segmenter(config, class_names)
            optimizer = make_optimizer(config, self._num_steps)
            optimizer.build(segmenter.model.trainable_variables)
        # Before anything is written: these may not fit, and initial weights may be missing.
        weights = class_weights(config, sources, len(class_names))
        if newest_checkpoint(model_dir) is None:
            start_from(segmenter, config.init)
        if workers.is_chief:
            open_run(model_dir, config, class_names, data)
        workers.wait()
        self.labelling = empty_labelling(sources)
        self.progress = Progress(len(class_names))
        self._checkpoints = Checkpoints(
            model_dir,
            segmenter.model,
            optimizer,
            self.labelling,
            self.progress,
            config.keep_checkpoints,
            workers.is_chief,
        )
        # Weights come first: features of frozen blocks, which the rest may read, depend on them.
        if restored := self._checkpoints.restore():
            workers.say(f"resuming from {restored}: {self.progress}")
        self.network = TrainingNetwork(segmenter, config)
        if self.network.cache:
            fill_crops(self.network.cache, sources, config, workers)
        self.pipeline = TrainingPipeline(
            sources, self.labelling, config, self.network.cache, workers
        )
        self.mask_update = MaskUpdate(self.network, sources, self.labelling, config, workers)
        self.network_update = NetworkUpdate(
            self.network, optimizer, workers, config, self.progress.loss, weights
        )
        self._validation = None
        if val_info:
            self._validation = Validation(self.network, config.val_data, val_info, workers)
        # The others' would be the same again.
        self._pictures = self._events = None
        if workers.is_chief:
            self._pictures = Pictures(model_dir, segmenter, sources, self.labelling, config)
            self._events = tf.summary.create_file_writer(model_dir)
        masks_updated = bool(self.progress.masks_updated.numpy())
        self.history = History(model_dir, self.epoch + masks_updated, workers.is_chief)
        self._lines = EpochLines(self.epoch, config.epochs)

    @property
    def epoch(self) -> int:
        """Epochs done, and so the number of the present one."""
        return int(self.progress.epoch)

    def run(self) -> list[dict]:
        """All epochs that are left; returns the metrics of every epoch."""
        first, config, say = self.epoch, self._config, self._workers.say
        if notice := never_asked(config):
            say(notice)
        while self.epoch < config.epochs:
            if not self.progress.masks_updated.numpy():
                self.update_masks()
            self.update_network()
            due = (self.epoch + 1) % config.validate_every == 0 or self.epoch + 1 == config.epochs
            self.end_epoch(self.validate() if due else {})
        if first >= config.epochs:
            say(f"{self._model_dir}: already trained for {first} epochs: nothing to do")
        if best := self._checkpoints.best():
            say(
                f"best network: epoch {best[0] + 1} of {self.epoch}, validation mean IoU "
                f"{best[1]:.4f}: {os.path.join(self._model_dir, BEST_FOLDER)}"
            )
        if self._pictures and (path := self._pictures.write_evolution(self.epoch)):
            say(f"masks over the updates: {path}")
        if self._events:
            self._events.flush()
        return self.history.epochs

    def update_masks(self) -> MaskUpdateReport | None:
        """The mask update before the present epoch; saves a checkpoint.

        Returns:
            What it did; None where the plan leaves the labelling as it is.
        """
        epoch, learnt = self.epoch, self.progress.learnt.numpy()
        plan = plan_mask_update(self._config, epoch, learnt, self.class_names)
        update = self.mask_update
        report = None
        # Pools that offer no choice are looked at once.
        if plan and update.num_images and (update.has_choice or not epoch):
            if plan.notice:
                self._workers.say(f"mask update {epoch + 1}: {plan.notice}")
            if epoch == 0 and plan.asks_network:
                # What the network's first choice is held against.
                self._choose(boxes_alone(self._config, len(self.class_names)), record=False)
            report = self._choose(plan)
            if self._pictures and self._events:
                with self._events.as_default():
                    self._pictures.show(epoch)
        self.progress.masks_updated.assign(True)
        self.save()
        return report

    def _choose(self, plan: MaskUpdatePlan, record: bool = True) -> MaskUpdateReport:
        epoch = self.epoch
        labelling, report = self.mask_update.run(epoch, plan)
        first_coverage = self.progress.first_fill
        if epoch == 0 and not plan.asks_network:
            first_coverage.assign(report.coverage)
        warning = collapse_warning(report.coverage, float(first_coverage))
        if record:
            metrics = dataclasses.asdict(report) | {
                "feedback_weight": float(plan.feedback.max()),
                "classes_in_feedback": int((plan.feedback[1:] > 0).sum()),
                "refused": float(bool(warning)),
            }
            self._record(metrics)
        if warning:
            self._workers.say(f"mask update {epoch + 1}: {warning}; the labelling before stays")
        else:
            self.labelling.chosen.assign(labelling)
        return report

    def pseudo_mask(self, number: int, source: int = 0) -> np.ndarray:
        """What the present labelling paints of an example; rectangles before any mask update.

        Args:
            number: of the example, counted over those of its folder that have boxes.
            source: place of its folder in `train_data`, a :box source.

        Returns:
            int32 [H, W] of class labels; 255 is void.

        Raises:
            IndexError: there is no such example or source.
            InputError: the source is no :box source.
        """
        chosen = self._sources[source]
        if not chosen.is_box:
            raise InputError(f"{chosen.folder}:mask has no pseudo-masks: expected a :box source")
        return pseudo_mask(read_example(chosen, number), self.labelling, self._config).numpy()

    def update_network(self) -> None:
        """The network update: what is left of the present epoch.

        Raises:
            InputError: the loss is not a finite number.
        """
        steps = self.pipeline, self.progress, self._checkpoints, self._num_steps
        with self._showing():
            self.network_update.run(*steps)

    def validate(self) -> dict[str, float | None]:
        """Scores the network on the validation data, see `Validation.run`; {} without any."""
        return self._validation.run() if self._validation else {}

    def end_epoch(self, validation: dict[str, float | None]) -> None:
        """Records the metrics, keeps the network if it is the best so far, starts a new epoch.

        Args:
            validation: of `validate`; may be empty.
        """
        progress = self.progress
        agreement = ConfusionMatrix(progress.agreement.numpy())
        loss = float(progress.loss.result())
        self._record({"loss": loss, "train_mean_iou": agreement.mean_iou, **validation})
        # Before the epoch counts as done, so that a killed run does not forget its best.
        if (score := validation.get("val_mean_iou")) is not None:
            self._checkpoints.save_if_best(score)
        seen = agreement.counts.any(axis=1)
        progress.learnt.assign(np.where(seen, agreement.iou, np.nan))
        progress.loss.reset_state()
        progress.agreement.assign(tf.zeros_like(progress.agreement))
        progress.epoch.assign_add(1)
        progress.step.assign(0)
        progress.masks_updated.assign(False)
        self.save()
        rates = self.network_update.learning_rate, self.network_update.images_per_second
        self._workers.say(self._lines.line(self.epoch, self.history.epochs[-1], *rates))

    def save(self) -> None:
        """Writes a checkpoint, from which the same command or another `Trainer` goes on."""
        self._checkpoints.save()

    def _record(self, metrics: dict[str, float | None]) -> None:
        with self._showing():
            self.history.add(self.epoch, metrics)

    def _showing(self) -> contextlib.AbstractContextManager:
        """TensorBoard gets the scalars that are shown inside."""
        return self._events.as_default() if self._events else contextlib.nullcontext()
