"""training.feedback: the schedule of the weights, and a collapse that really happens."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.training import loop
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.feedback import alarm, doubts, weights_at
from boxsup_tf.training.mask_update import MaskUpdateReport
from tests.training.folders import CLASS_NAMES, SIDE, make_example, write


@pytest.mark.parametrize(
    ("warmup", "ramp", "expected"),
    [
        (0, 0, [(4, 0), (4, 0), (4, 0), (4, 0), (4, 0)]),
        (2, 0, [(0, 0.5), (0, 0.5), (4, 0), (4, 0), (4, 0)]),
        (1, 3, [(0, 0.5), (1, 0.375), (2, 0.25), (3, 0.125), (4, 0)]),
    ],
)
def test_lambda_rises_while_the_prior_fades(warmup, ramp, expected):
    config = TrainConfig(
        "", warmup_epochs=warmup, ramp_epochs=ramp, feedback_weight=4.0, prior_weight=0.5
    )
    learnt = np.array([0.9, 0.3, 0.2, 0.19, np.nan])
    for epoch, (feedback, prior) in enumerate(expected):
        weights = weights_at(config, epoch, learnt)
        believed = learnt >= 0.2
        np.testing.assert_allclose(weights.feedback, np.where(believed, feedback, 0))
        np.testing.assert_allclose(weights.prior, np.where(believed, prior, 0.5))
        everyone = dataclasses.replace(config, min_agreement=0.0)
        np.testing.assert_allclose(weights_at(everyone, epoch, np.zeros(3)).feedback, feedback)


def test_doubts_name_the_classes_that_are_not_learnt():
    config = TrainConfig("", warmup_epochs=2, min_agreement=0.3)
    names = ["background", "cat", "dog", "cow", "bus"]
    learnt = np.array([0.1, 0.3, 0.29, 0.0, np.nan])
    assert doubts(config, 1, learnt, names) is None
    message = doubts(config, 2, learnt, names)
    assert message is not None and "not asked of dog, cow: " in message and "0.3" in message
    assert doubts(config, 2, np.full(5, 0.5), names) is None
    assert doubts(dataclasses.replace(config, feedback_weight=0.0), 2, learnt, names) is None


@pytest.mark.parametrize(("fill", "speaks"), [(0.5, False), (0.31, False), (0.29, True), (0, True)])
def test_the_alarm_speaks_of_shrinking_masks(fill, speaks):
    report = MaskUpdateReport(0.1, 0, 0.2, 0.2, fill, 0.2, 0.9, None)
    message = alarm(report, first_fill=0.5)
    assert (message is not None) == speaks
    assert not speaks or (f"{fill:.0%}" in message and "50%" in message)


def _large_and_tiny(example) -> CandidatePool:
    """For every box the box itself, and its corner."""
    masks = np.zeros((2 * len(example.boxes), SIDE, SIDE), bool)
    for i, (top, left, bottom, right) in enumerate(example.boxes.astype(int)):
        masks[2 * i, top:bottom, left:right] = True
        masks[2 * i + 1, top : top + 2, left : left + 2] = True
    return CandidatePool.from_masks(masks, "large and tiny")


@pytest.fixture
def small_objects(tmp_path: pathlib.Path) -> TrainConfig:
    """Small objects in noise teach a network to be sure of background everywhere."""
    box = np.array([[4, 5, 16, 17]], np.float32)
    examples = [
        dataclasses.replace(
            make_example(f"image{i}", i),
            boxes=box + i,
            labels=np.array([1]),
            difficult=np.zeros(1, bool),
            is_crowd=np.zeros(1, bool),
        )
        for i in range(4)
    ]
    folder = write(tmp_path / "data", examples, _large_and_tiny)
    return TrainConfig(
        f"{folder}:box",
        **{"init": "random", "width_multiplier": 0.05, "crop_size": SIDE, "batch_size": 2},
        **{"epochs": 3, "learning_rate": 0.05, "last_layer_rate": 1.0, "clip_norm": 1.0},
        **{"min_box_iou": 0.0, "warmup_epochs": 1, "feedback_weight": 1000.0},
        **{"num_pictures": 0, "dropout": 0.0, "belief": "cross_entropy", "update_scale": 1.0},
    )


def _epochs(run: pathlib.Path) -> list[dict]:
    return json.loads((run / "metrics.json").read_text())["epochs"]


def test_a_collapse_is_refused_and_said(small_objects, tmp_path, capsys):
    config = dataclasses.replace(small_objects, min_agreement=0.0)
    loop.train(str(tmp_path / "run"), config)
    epochs = _epochs(tmp_path / "run")
    assert [epoch["refused"] for epoch in epochs] == [0, 1, 1]
    assert epochs[0]["chosen_fill"] == 1
    assert all(epoch["chosen_fill"] < 0.1 for epoch in epochs[1:])
    # The labelling that stays is the first one: all boxes would change again.
    assert all(epoch["changed_share"] == 1 for epoch in epochs[1:])
    assert "mask update 1: the feedback collapses" in capsys.readouterr().out


def test_a_network_that_has_not_learnt_a_class_is_not_asked_of_it(small_objects, tmp_path, capsys):
    config = dataclasses.replace(small_objects, min_agreement=0.9)
    loop.train(str(tmp_path / "run"), config)
    for epoch in _epochs(tmp_path / "run")[1:]:
        assert epoch["believed_classes"] == epoch["refused"] == epoch["changed_share"] == 0
        assert epoch["agreement"] == epoch["chosen_fill"] == 1
    said = capsys.readouterr().out
    name = CLASS_NAMES[1]
    assert all(f"mask update {n}: the network is not asked of {name}: " in said for n in (1, 2))
