"""Whole runs on a tiny network: what they write, how they resume, what they refuse."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import generate
from boxsup_tf.proposals.methods import scg
from boxsup_tf.settings import field_docs
from boxsup_tf.training.checkpoints import load_model
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.loop import train

REPOSITORY = pathlib.Path(__file__).parents[2]
NUM_IMAGES = 12


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("records")
    paths = {name: str(root / name) for name in ("train", "train_scg", "val")}
    prepare(ShapesReader(NUM_IMAGES, seed=5, image_size=64), paths["train"], 2)
    prepare(ShapesReader(3, seed=6, image_size=64), paths["val"], 1)
    generate.generate(
        paths["train"],
        paths["train_scg"],
        "scg",
        scg.Options("gradient", min_area=20, max_regions=1),
        1,
    )
    return paths


@pytest.fixture(scope="module")
def config(folders) -> TrainConfig:
    """Boxes and masks together, dropout and momentum on: all that a resume must carry."""
    return TrainConfig(
        train_data=f"{folders['train_scg']}:box,{folders['train']}:mask",
        val_data=folders["val"],
        init="random",
        width_multiplier=0.05,
        epochs=2,
        batch_size=4,
        crop_size=65,
        learning_rate=0.01,
        checkpoint_minutes=0,
        num_pictures=2,
    )


@pytest.fixture(scope="module")
def whole_run(config, tmp_path_factory) -> str:
    """A run that nothing interrupted."""
    model_dir = str(tmp_path_factory.mktemp("runs") / "whole")
    train(model_dir, config)
    return model_dir


def labelling(model_dir: str) -> np.ndarray:
    path = tf.train.latest_checkpoint(model_dir)
    return tf.train.load_variable(path, "labelling/.ATTRIBUTES/VARIABLE_VALUE")


def assert_same_run(first: str, second: str) -> None:
    np.testing.assert_array_equal(labelling(first), labelling(second))
    for ours, theirs in zip(
        load_model(first)[0].get_weights(), load_model(second)[0].get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    for ours, theirs in zip(epochs_of(first), epochs_of(second), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


def epochs_of(model_dir: str) -> list[dict]:
    with open(os.path.join(model_dir, "metrics.json"), encoding="utf-8") as file:
        return json.load(file)["epochs"]


def test_a_run_writes_all_it_promises(whole_run, config):
    epochs = epochs_of(whole_run)
    assert [entry["epoch"] for entry in epochs] == [0, 1]
    for entry in epochs:
        assert 0 < entry["pseudo_mask_mean_iou"] < 1
        assert 0 <= entry["val_mean_iou"] <= 1
        assert entry["loss"] > 0
    assert epochs[0]["changed_share"] == 1
    with open(os.path.join(whole_run, "config.json"), encoding="utf-8") as file:
        stored = json.load(file)
    assert stored["batch_size"] == config.batch_size
    assert stored["versions"]["tensorflow"] == tf.__version__
    assert os.path.exists(os.path.join(whole_run, "mask_evolution.png"))
    tags = set()
    for name in os.listdir(whole_run):
        if name.startswith("events.out"):
            for event in tf.compat.v1.train.summary_iterator(os.path.join(whole_run, name)):
                tags |= {value.tag for value in event.summary.value}
    assert {"loss", "val_mean_iou", "pseudo_mask_mean_iou", "changed_share"} <= tags
    assert sum("pseudo-mask" in tag and "/0_shapes" in tag for tag in tags) == 2


def test_more_epochs_equal_a_longer_run(whole_run, config, tmp_path, capsys):
    model_dir = str(tmp_path / "run")
    train(model_dir, dataclasses.replace(config, epochs=1))
    train(model_dir, config)
    assert "resuming from" in capsys.readouterr().out
    assert_same_run(whole_run, model_dir)
    train(model_dir, config)
    assert "already trained for 2 epochs: nothing to do" in capsys.readouterr().out
    assert_same_run(whole_run, model_dir)


def test_sigkill_in_the_middle_of_an_epoch(config, tmp_path):
    """Killed after some steps of the second epoch, the run ends as if nothing had happened.

    The run it is compared with has a fresh process too: in one that has done other work, sums
    may round otherwise, and of two candidates of nearly the same cost the other is chosen.
    """
    whole_run, model_dir = str(tmp_path / "whole"), str(tmp_path / "run")
    flags = [f"--{name}={value}" for name, value in dataclasses.asdict(config).items()]
    script = [sys.executable, "scripts/train.py", *flags]
    subprocess.run([*script, f"--model_dir={whole_run}"], cwd=REPOSITORY, check=True)
    command = [*script, f"--model_dir={model_dir}"]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    steps_per_epoch = 2 * NUM_IMAGES // config.batch_size
    wanted = 1 + steps_per_epoch + 1 + 1 + 2  # masks, steps, epoch, masks, two steps
    deadline = time.monotonic() + 120
    while _last_checkpoint(model_dir) < wanted:
        assert process.poll() is None, process.communicate()[0].decode()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    killed_at = int(_variable(model_dir, "epoch")), int(_variable(model_dir, "step"))
    assert killed_at[0] == 1 and 0 < killed_at[1] < steps_per_epoch, killed_at
    kept = labelling(model_dir)

    resumed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert f"epoch 1, step {killed_at[1]}, mask update done" in resumed.stdout
    np.testing.assert_array_equal(labelling(model_dir), kept)
    assert_same_run(whole_run, model_dir)


def _last_checkpoint(model_dir: str) -> int:
    path = tf.train.latest_checkpoint(model_dir)
    return int(path.rsplit("-", 1)[1]) if path else 0


def _variable(model_dir: str, name: str) -> np.ndarray:
    path = tf.train.latest_checkpoint(model_dir)
    return tf.train.load_variable(path, f"progress/{name}/.ATTRIBUTES/VARIABLE_VALUE")


def test_a_run_can_start_from_another(whole_run, config, folders, tmp_path):
    model_dir = str(tmp_path / "run")
    start = dataclasses.replace(config, init=whole_run, learning_rate=0.0, epochs=1)
    train(model_dir, start)
    for ours, theirs in zip(
        load_model(model_dir)[0].get_weights(), load_model(whole_run)[0].get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    wider = dataclasses.replace(start, width_multiplier=0.1)
    with pytest.raises(InputError, match="its network has other classes or another width"):
        train(str(tmp_path / "wider"), wider)


def test_other_settings_are_refused(whole_run, config, folders):
    with pytest.raises(InputError, match=r"holds a run with learning_rate = 0.01: expected 0.5"):
        train(whole_run, dataclasses.replace(config, learning_rate=0.5))
    only_masks = dataclasses.replace(config, train_data=f"{folders['train']}:mask")
    with pytest.raises(InputError, match="holds a run with (train_data|data_digests) = "):
        train(whole_run, only_masks)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(config, tmp_path):
    model_dir = str(tmp_path / "run")
    with pytest.raises(InputError, match="the loss is nan at epoch 0, step [1-9]"):
        train(model_dir, dataclasses.replace(config, learning_rate=1e18))
    for weights in load_model(model_dir)[0].get_weights():
        assert np.isfinite(weights).all()


def test_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"config.json: not found: expected a folder written by"):
        load_model(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config.json: damaged"):
        load_model(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("crop_size", 320, "--crop_size=320: expected 8 n \\+ 1"),
        ("k", 0, "--k=0: expected at least 1"),
        ("belief", "blind", "--belief=blind: expected one of cross_entropy, centred"),
        ("min_box_iou", 1.5, "--min_box_iou=1.5: expected a number in 0 .. 1"),
        ("learning_rate", -1.0, "--learning_rate=-1.0: expected at least 0"),
    ],
)
def test_bad_settings_are_refused(name, value, message):
    with pytest.raises(InputError, match=message):
        TrainConfig("x:box", **{name: value})


def test_every_setting_is_documented():
    assert field_docs(TrainConfig).keys() == {
        field.name for field in dataclasses.fields(TrainConfig)
    }
