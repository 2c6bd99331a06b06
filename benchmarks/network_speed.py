"""Time of a network update: the whole loop, its bare step, a mask update, and PyTorch's step."""

import collections
import contextlib
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from generated_data import CLASS_NAMES
from side_by_side import Times, measure
from torch_twin import TorchTwin

from boxsup_tf.labels import VOID
from boxsup_tf.models.networks import build_network
from boxsup_tf.training import feedback
from boxsup_tf.training.checkpoints import Progress
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.epoch import train_epoch
from boxsup_tf.training.input_pipeline import TrainingPipeline, steps_per_epoch
from boxsup_tf.training.mask_update import MaskUpdate
from boxsup_tf.training.network import Network
from boxsup_tf.training.network_update import NetworkUpdate, make_optimizer
from boxsup_tf.training.sources import empty_labelling, load_sources

LOOP, BARE, MASKS = "loop", "bare steps", "mask update"
TENSORFLOW, EAGER, COMPILED = "TensorFlow", "PyTorch", "PyTorch compiled"

_LEAST_AGREEMENT = {"float32": 1e-4, "bfloat16": 5e-2}


class Training:
    """The parts of a run, as `training.loop` puts them together."""

    def __init__(self, config: TrainConfig) -> None:
        sources = load_sources(config.train_data)
        num_classes = len(sources[0].info.class_names)
        self._config, self._steps = config, steps_per_epoch(sources, config)
        model = _build(config, num_classes)
        self._labelling = empty_labelling(sources)
        self._progress = Progress(num_classes)
        self._pipeline = TrainingPipeline(sources, self._labelling, config)
        self._update = _network_update(model, config, self._steps, self._progress.loss)
        self._mask_update = MaskUpdate(Network(model, config), sources, self._labelling, config)

    def run_epoch(self) -> None:
        steps = train_epoch(self._pipeline, self._update, self._progress, self._steps, "")
        collections.deque(steps, maxlen=0)
        self._progress.epoch.assign_add(1)
        self._progress.step.assign(0)

    def batches(self) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Images and label maps of an epoch."""
        return [(images, label_maps) for images, label_maps, _ in self._pipeline.dataset]

    def run_bare_steps(self, batches: list[tuple[tf.Tensor, tf.Tensor]]) -> None:
        """Steps on batches that lie in memory."""
        for images, label_maps in batches:
            float(self._update.step(images, label_maps)[0])

    def update_masks(self) -> None:
        weights = feedback.Weights(self._config.feedback_weight, 0.0)
        updated = self._mask_update.run(int(self._progress.epoch), *weights)
        assert updated is not None  # there are boxes
        self._labelling.chosen.assign(updated[0])


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
    model = _build(config, len(CLASS_NAMES))
    update = _network_update(model, config, 1, keras.metrics.Mean())
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


def _build(config: TrainConfig, num_classes: int) -> keras.Model:
    return build_network(
        config.network,
        num_classes,
        config.width_multiplier,
        config.dropout,
        config.seed,
        config.dtype_policy,
    )


def _network_update(
    model: keras.Model, config: TrainConfig, steps: int, loss: keras.metrics.Metric
) -> NetworkUpdate:
    optimizer = make_optimizer(config, steps)
    optimizer.build(model.trainable_variables)
    return NetworkUpdate(model, optimizer, tf.distribute.get_strategy(), config, loss)
