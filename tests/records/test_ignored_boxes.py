"""Boxes of no class on their way through proposals, pictures and training."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf import boxes
from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.wrappers.chosen_classes import ChosenClasses
from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.proposals import generate as generate_module
from boxsup_tf.proposals.methods import grabcut, rectangle, scg
from boxsup_tf.proposals.visualize import write_pictures
from boxsup_tf.records import records, shards
from boxsup_tf.supervision.scoring import BELIEFS, NORMALISERS, Scorer, ScoringConfig
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.trainer import train
from tests.proposals.in_this_process import InThisProcess

_METHODS = {
    "scg": scg.Options("gradient", min_area=20, max_regions=1),
    "grabcut": grabcut.Options(),
    "rectangle": rectangle.Options(),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("records"))
    prepare(ChosenClasses(ShapesReader(9, seed=5, image_size=64), ["star", "cross"]), folder, 1)
    return folder


@pytest.mark.parametrize("method", _METHODS)
def test_every_box_has_candidates(method, prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(generate_module, "WorkerPool", InThisProcess)
    info = generate_module.generate(prepared, str(tmp_path), method, _METHODS[method], 1, 0.5)
    assert not info.skipped and 0 < info.num_ignored_boxes < info.num_boxes
    for serialized in shards.read_records(str(tmp_path)):
        pool, example = records.decode_pool(serialized), records.decode_example(serialized)
        assert pool.one_per_box == (method != "scg")
        assert pool.num_candidates >= len(example.boxes)
    assert len(write_pictures(str(tmp_path), 2)) == 2


def test_training_takes_them_for_void(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(generate_module, "WorkerPool", InThisProcess)
    folder, model_dir = str(tmp_path / "pools"), str(tmp_path / "run")
    generate_module.generate(prepared, folder, "scg", _METHODS["scg"], 1, 0.5)
    config = TrainConfig(
        train_data=f"{folder}:box",
        val_data=prepared,
        init="random",
        width_multiplier=0.05,
        epochs=1,
        batch_size=4,
        crop_size=65,
        num_pictures=20,
    )
    train(model_dir, config)
    (epoch,) = json.loads((tmp_path / "run" / "metrics.json").read_text())["epochs"]
    assert epoch["loss"] > 0 and 0 < epoch["pseudo_mask_mean_iou"] <= 1
    seen = set()
    for serialized in shards.read_records(folder):
        example = records.decode_example(serialized)
        path = pathlib.Path(model_dir, "pseudo_masks", f"0_{example.source_id}_update_0000.png")
        with Image.open(path) as image:
            painted = np.array(image)
        height, width = painted.shape
        inside = boxes.inside_yxyx(example.boxes, height, width).numpy()
        ignored = inside[example.labels == 0].any(axis=0)
        objects = inside[example.labels > 0].any(axis=0)
        # Void is what lies in ignored boxes and in no object; a class is painted in its boxes.
        assert (painted[ignored & ~objects] == VOID).all()
        assert not (painted[ignored] == BACKGROUND).any()
        assert not (painted[~ignored] == VOID).any()
        assert not (painted[~ignored & ~objects] > 0).any()
        seen |= set(np.unique(painted).tolist())
    assert seen == {0, 1, 2, VOID}


@pytest.mark.parametrize("belief", BELIEFS)
@pytest.mark.parametrize("normaliser", NORMALISERS)
def test_costs_of_an_ignored_box_are_finite(belief, normaliser):
    rng = np.random.default_rng(0)
    scorer = Scorer(ScoringConfig(belief=belief, normaliser=normaliser))
    costs = scorer(
        tf.nn.log_softmax(rng.normal(0, 50, (20, 30, 3)).astype(np.float32)),
        tf.constant(rng.integers(0, 9, (20, 30)), tf.int32),
        tf.constant(rng.random((9, 5)) < 0.5),
        tf.constant([[2.0, 3, 15, 20], [0, 0, 20, 30]]),
        tf.constant([0, 2]),
    )
    assert all(np.isfinite(cost).all() for cost in costs)
