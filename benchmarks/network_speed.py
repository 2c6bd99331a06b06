"""Time of a network update: the whole loop, its bare step, a mask update, and PyTorch's step."""

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from generated_data import CLASS_NAMES
from side_by_side import Times, measure
from torch_twin import TorchTwin

from boxsup_tf.labels import VOID
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.network_update import NetworkUpdate
from boxsup_tf.training.optimizer import make_optimizer
from boxsup_tf.training.plan import MaskUpdatePlan
from boxsup_tf.training.trainer import Trainer
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers

LOOP, BARE, MASKS = "loop", "bare steps", "mask update"
TENSORFLOW, EAGER, COMPILED = "TensorFlow", "PyTorch", "PyTorch compiled"

_LEAST_AGREEMENT = {"float32": 1e-4, "bfloat16": 5e-2}


class Training:
    """A run whose parts are timed one at a time; nothing of it is written but config.json."""

    def __init__(self, config: TrainConfig) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._feedback_weight = config.feedback_weight
        settings = dataclasses.replace(config, init="random", num_pictures=0)
        self._trainer = Trainer(os.path.join(self._folder.name, "run"), settings)

    def run_epoch(self) -> None:
        self._trainer.update_network()
        self._trainer.progress.epoch.assign_add(1)
        self._trainer.progress.step.assign(0)

    def batches(self) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Images and label maps of an epoch."""
        return [(images, label_maps) for images, label_maps, _ in self._trainer.pipeline.dataset]

    def run_bare_steps(self, batches: list[tuple[tf.Tensor, tf.Tensor]]) -> None:
        """Steps on batches that lie in memory."""
        for images, label_maps in batches:
            float(self._trainer.network_update.step(images, label_maps)[0])

    def update_masks(self) -> None:
        trainer = self._trainer
        num_classes = len(trainer.class_names)
        plan = MaskUpdatePlan(np.full(num_classes, self._feedback_weight), np.zeros(num_classes))
        labelling, _ = trainer.mask_update.run(trainer.epoch, plan)
        trainer.labelling.chosen.assign(labelling)

    def validate(self) -> None:
        self._trainer.validate()


def measure_loop(config: TrainConfig, repeats: int) -> Times:
    """Seconds of an epoch, of its bare steps and of a mask update of the same images."""
    training = Training(config)
    batches = training.batches()
    work = {
        MASKS: training.update_masks,
        LOOP: training.run_epoch,
        BARE: lambda: training.run_bare_steps(batches),
    }
    return measure(work, repeats)


def measure_twins(config: TrainConfig, with_torch: bool, repeats: int) -> Times:
    """Seconds of a step on one and the same batch, by TensorFlow and by PyTorch's twins.

    Before anything is timed, the twins' scores are compared with the network's.

    Raises:
        ValueError: they differ.
    """
    segmenter = Segmenter.build(
        config.architecture(CLASS_NAMES), config.dropout, config.seed, config.dtype_policy
    )
    model, optimizer = segmenter.model, make_optimizer(config, 1)
    optimizer.build(model.trainable_variables)
    network = TrainingNetwork(segmenter, config)
    update = NetworkUpdate(network, optimizer, Workers(), config, keras.metrics.Mean())
    rng = np.random.default_rng(0)
    side = config.crop_size
    images = rng.normal(0, 60, (config.batch_size, side, side, 3)).astype(np.float32)
    label_maps = rng.integers(0, len(CLASS_NAMES), images.shape[:3]).astype(np.int32)
    label_maps[:, : side // 8] = VOID
    batch = tf.constant(images), tf.constant(label_maps)
    work: dict[str, Callable[[], object]] = {TENSORFLOW: lambda: float(update.step(*batch)[0])}
    with contextlib.ExitStack() as stack:
        for name, compiled in ((EAGER, False), (COMPILED, True)) if with_torch else ():
            twin = TorchTwin(model, config, compiled)
            stack.callback(twin.close)
            _check_same_scores(model, twin, images[:1], config.precision)
            twin.set_batch(images, label_maps)
            try:
                twin.step()
            except RuntimeError as error:  # torch.compile needs a C++ compiler
                print(f"{name}: left out: {str(error).splitlines()[0]}")
            else:
                work[name] = twin.step
        return measure(work, repeats)


def _check_same_scores(
    model: keras.Model, twin: TorchTwin, images: np.ndarray, precision: str
) -> None:
    expected, found = model(images, training=False).numpy(), twin.logits(images)
    difference = np.abs(found - expected).max() / np.abs(expected).max()
    if not difference < _LEAST_AGREEMENT[precision]:
        raise ValueError(f"the PyTorch twin's scores differ by {difference:.1e} of the largest")
