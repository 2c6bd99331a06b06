"""A folder of records with pools, a run on it, and an explorer of both."""

import dataclasses
import functools
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.drawing import write_palette_png
from boxsup_tf.explore.server import ExploreOptions, make_explorer
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.training.checkpoints import Checkpoints, Progress
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.mask_update import MaskUpdate
from boxsup_tf.training.optimizer import make_optimizer
from boxsup_tf.training.plan import MaskUpdatePlan
from boxsup_tf.training.run_settings import open_run
from boxsup_tf.training.sources import empty_labelling, load_sources
from boxsup_tf.training.training_network import TrainingNetwork, build_segmenter
from boxsup_tf.training.workers import Workers
from tests.training.folders import CLASS_NAMES, SIDE, blocks, make_example, write

NUM_IMAGES = 4
FOLLOWED_MASK = np.full((SIDE, SIDE), 2, np.uint8)


@dataclasses.dataclass(frozen=True, eq=False)
class World:
    """What there is on disk.

    Attributes:
        data: a folder of records with pools; `plain`: the same without.
        run: a run's folder on `data`.
        config: of the run.
        segmenter: its network.
    """

    data: str
    plain: str
    run: str
    config: TrainConfig
    segmenter: Segmenter

    def update(self, epoch: int = 0, **values):
        """A mask update with these settings: sources, the new labelling, and the report."""
        return self._update(epoch, tuple(values.items()))

    @functools.cache  # noqa: B019  (there is one)
    def _update(self, epoch: int, values: tuple):
        config = dataclasses.replace(self.config, **dict(values))
        sources = load_sources(config.train_data)
        labelling = empty_labelling(sources)
        network = TrainingNetwork(self.segmenter, config)
        update = MaskUpdate(network, sources, labelling, config, Workers())
        feedback, prior = (
            np.full(len(CLASS_NAMES), weight)
            for weight in (config.feedback_weight, config.prior_weight)
        )
        chosen, report = update.run(epoch, MaskUpdatePlan(feedback, prior))
        labelling.chosen.assign(chosen)
        return sources, labelling, report


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    """The run has done one epoch, and then updated its masks; it follows image0."""
    root = tmp_path_factory.mktemp("explore")
    examples = [make_example(f"image{i}", i, mask=i != 2) for i in range(NUM_IMAGES)]
    data = write(root / "data", examples, blocks)
    plain = write(root / "plain", examples, None)
    config = TrainConfig(
        f"{data}:box",
        width_multiplier=0.1,
        feedback_weight=2.0,
        k=3,
        seed=5,
        min_box_iou=0.1,
        difficult="ignore",
        update_precision="float32",
    )
    segmenter = build_segmenter(config, CLASS_NAMES)
    last = segmenter.model.get_layer("fc8")
    kernel, bias = last.get_weights()
    last.set_weights([100 * kernel, bias])  # sure of itself, and as often wrong as right
    made = World(data, plain, str(root / "run"), config, segmenter)
    sources, labelling, _ = made.update()
    open_run(made.run, config, CLASS_NAMES, {"data_digests": [sources[0].info.digest], "pools": []})
    progress = Progress(len(CLASS_NAMES))
    progress.epoch.assign(1)
    progress.masks_updated.assign(True)
    optimizer = make_optimizer(config, 1)
    optimizer.build(segmenter.model.trainable_variables)
    Checkpoints(made.run, segmenter.model, optimizer, labelling, progress).save()
    followed = pathlib.Path(made.run, "pseudo_masks", "0_image0_update_0000.png")
    followed.parent.mkdir()
    write_palette_png(str(followed), FOLLOWED_MASK)
    return made


@pytest.fixture(scope="session")
def explorer(world):
    return make_explorer(ExploreOptions(world.data, world.run), None)[0]


def png_of(picture: bytes) -> np.ndarray:
    """uint8 [H, W, channels] of a PNG."""
    return tf.io.decode_png(picture).numpy()
