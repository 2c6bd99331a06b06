"""A run's folder and what a process holds of it, with a network of next to nothing."""

import dataclasses

import keras
import numpy as np

from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training import run_settings
from boxsup_tf.training.checkpoints import Checkpoints, Progress
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.optimizer import make_optimizer
from tests.models.segmenters import make_segmenter

CLASS_NAMES = ("background", "cat", "dog")


@dataclasses.dataclass
class Run:
    model_dir: str
    config: TrainConfig
    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    progress: Progress
    checkpoints: Checkpoints = dataclasses.field(init=False)

    def set(self, value: float, epoch: int = 0) -> None:
        """Makes every weight this number."""
        self.model.set_weights([np.full(w.shape, value) for w in self.model.weights])
        self.progress.epoch.assign(epoch)

    def reopen(self) -> None:
        """As a new process does."""
        self.checkpoints = Checkpoints(
            self.model_dir,
            self.model,
            self.optimizer,
            Labelling({"a": 2}),
            self.progress,
            self.config.keep_checkpoints,
        )
        self.checkpoints.restore()


def open_run(model_dir: object, class_names=CLASS_NAMES, **settings) -> Run:
    """What a process has in its hands after it opened a new run or an existing one."""
    config = TrainConfig("x:box", **{"width_multiplier": 0.02, **settings})
    run_settings.open_run(str(model_dir), config, class_names, {"data_digests": [], "pools": []})
    model = make_segmenter(class_names, config.width_multiplier).model
    optimizer = make_optimizer(config, 1)
    optimizer.build(model.trainable_variables)
    progress = Progress(len(class_names))
    run = Run(str(model_dir), config, model, optimizer, progress)
    run.reopen()
    return run


def value_of(model: keras.Model) -> float:
    values = {float(value) for weight in model.get_weights() for value in weight.reshape(-1)}
    assert len(values) == 1
    return values.pop()
