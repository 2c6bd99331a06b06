"""training.plan: the schedule of the weights, and a collapse that really happens."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.plan import collapse_warning, never_asked, plan_mask_update
from boxsup_tf.training.trainer import train
from tests.training.folders import CLASS_NAMES, SIDE, make_example, write

NAMES = ("background", "cat", "dog", "cow", "bus")


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
        "", warmup_epochs=warmup, ramp_epochs=ramp, feedback_weight=4.0, prior_weight=0.5, k=2
    )
    iou = np.array([0.9, 0.3, 0.2, 0.19, np.nan])
    for epoch, (feedback, prior) in enumerate(expected):
        plan = plan_mask_update(config, epoch, iou, NAMES)
        learnt = (iou >= 0.2) & (np.arange(5) > 0)  # no box is of the background
        np.testing.assert_allclose(plan.feedback, np.where(learnt, feedback, 0))
        np.testing.assert_allclose(plan.prior[1:], np.where(learnt, prior, 0.5)[1:])
        assert plan.prior[0] == 0
        assert plan.asks_network == (feedback > 0)
        # 0 means always, also of classes of which no pixel was seen.
        everyone = dataclasses.replace(config, min_agreement=0.0)
        for values in (np.zeros(5), np.full(5, np.nan)):
            always = plan_mask_update(everyone, epoch, values, NAMES)
            np.testing.assert_allclose(always.feedback[1:], feedback)
            assert not always.notice
        unlearnt = np.where(np.arange(5) == 0, 0.9, 0.1)
        assert not plan_mask_update(config, epoch, unlearnt, NAMES).asks_network


def test_the_notice_names_the_classes_that_are_left_out():
    config = TrainConfig("", warmup_epochs=2, min_agreement=0.3, k=2)
    iou = np.array([0.1, 0.3, 0.29, 0.0, np.nan])
    assert not plan_mask_update(config, 1, iou, NAMES).notice
    notice = plan_mask_update(config, 2, iou, NAMES).notice
    assert "dog, cow: the IoU with their masks was below 0.3" in notice
    assert "bus: no pixel of them was learnt from" in notice and "cat" not in notice
    assert not plan_mask_update(config, 2, np.full(5, 0.5), NAMES).notice
    unasked = dataclasses.replace(config, feedback_weight=0.0)
    assert not plan_mask_update(unasked, 2, iou, NAMES).notice


@pytest.mark.parametrize(
    ("values", "updated"),
    [
        ({}, [0, 2, 3, 4, 5]),  # the warm-up would choose the same again
        ({"k": 5}, [0, 1, 2, 3, 4, 5]),
        ({"update_every": 2}, [0, 2, 4]),
        ({"update_every": 0, "k": 5}, [0]),
        ({"feedback_weight": 0.0}, [0]),
        ({"feedback_weight": 0.0, "k": 5}, [0, 1, 2, 3, 4, 5]),
        ({"warmup_epochs": 4}, [0, 4, 5]),
    ],
)
def test_updates_that_could_change_nothing_are_skipped(values, updated):
    config = TrainConfig("", **values)
    plans = [plan_mask_update(config, epoch, np.ones(5), NAMES) for epoch in range(6)]
    assert [epoch for epoch, plan in enumerate(plans) if plan] == updated


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({}, True),
        ({"update_every": 0}, False),  # with the default warm-up
        ({"update_every": 0, "warmup_epochs": 0}, False),  # nothing is learnt by then
        ({"update_every": 0, "warmup_epochs": 0, "min_agreement": 0.0}, True),
        ({"epochs": 2}, False),
        ({"epochs": 3}, True),
        ({"warmup_epochs": 50}, False),
        ({"epochs": 9, "update_every": 10}, False),
    ],
)
def test_a_run_that_never_asks_the_network_says_so(values, asked):
    config = TrainConfig("", **values)
    message = never_asked(config)
    assert bool(message) != asked
    if message:
        assert f"--update_every={config.update_every}" in message
        assert f"--warmup_epochs={config.warmup_epochs}" in message
    # Without a wish for feedback there is nothing to say.
    assert not never_asked(dataclasses.replace(config, feedback_weight=0.0))


@pytest.mark.parametrize(
    ("coverage", "speaks"), [(0.5, False), (0.31, False), (0.29, True), (0, True)]
)
def test_the_collapse_warning_speaks_of_shrinking_masks(coverage, speaks):
    warning = collapse_warning(coverage, first_coverage=0.5)
    assert bool(warning) == speaks
    assert not speaks or (f"{coverage:.0%}" in warning and "50%" in warning)


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
            truncated=np.zeros(1, bool),
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
    train(str(tmp_path / "run"), config)
    epochs = _epochs(tmp_path / "run")
    assert [epoch["refused"] for epoch in epochs] == [0, 1, 1]
    assert epochs[0]["coverage"] == 1
    assert all(epoch["coverage"] < 0.1 for epoch in epochs[1:])
    # The labelling that stays is the first one: all boxes would change again.
    assert all(epoch["changed_share"] == 1 for epoch in epochs[1:])
    assert "mask update 2: the feedback collapses" in capsys.readouterr().out


def test_a_network_that_has_not_learnt_a_class_is_not_asked_of_it(small_objects, tmp_path, capsys):
    config = dataclasses.replace(small_objects, min_agreement=0.9)
    train(str(tmp_path / "run"), config)
    for epoch in _epochs(tmp_path / "run")[1:]:
        assert epoch["classes_in_feedback"] == epoch["refused"] == epoch["changed_share"] == 0
        assert epoch["agreement"] == epoch["coverage"] == 1
    said = capsys.readouterr().out
    name = CLASS_NAMES[1]
    assert all(
        f"mask update {n}: classes left out of the feedback; {name}: " in said for n in (2, 3)
    )
