"""Whole runs on a tiny network: what they write, how they resume, what they refuse."""

import collections
import dataclasses
import json
import math
import os
import pathlib
import re
import shutil
import time

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.metrics.confusion import ConfusionMatrix, count_pixels
from boxsup_tf.models.saved_network import load_segmenter
from boxsup_tf.proposals import generate
from boxsup_tf.proposals.methods import scg
from boxsup_tf.settings import descriptions
from boxsup_tf.supervision.labelling import Labelling
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import TrainingPipeline
from boxsup_tf.training.sources import load_sources
from boxsup_tf.training.trainer import Trainer, train
from tests.forked import Forked

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
        warmup_epochs=0,
        belief="cross_entropy",
        feedback_weight=30.0,
        min_agreement=0.0,
        k=5,
        checkpoint_minutes=0,
        num_pictures=2,
    )


@pytest.fixture(scope="module")
def whole_run(config, tmp_path_factory) -> str:
    """A run that nothing interrupted."""
    model_dir = str(tmp_path_factory.mktemp("runs") / "whole")
    train(model_dir, config)
    return model_dir


@pytest.fixture(scope="module")
def half_run(config, tmp_path_factory) -> str:
    """The first of two epochs. Its folder may be copied elsewhere."""
    model_dir = str(tmp_path_factory.mktemp("runs") / "half")
    train(model_dir, dataclasses.replace(config, epochs=1))
    return model_dir


def labelling(model_dir: str) -> np.ndarray:
    path = tf.train.latest_checkpoint(model_dir)
    return tf.train.load_variable(path, "labelling/.ATTRIBUTES/VARIABLE_VALUE")


def assert_same_run(first: str, second: str) -> None:
    np.testing.assert_array_equal(labelling(first), labelling(second))
    for ours, theirs in zip(
        load_segmenter(first).model.get_weights(),
        load_segmenter(second).model.get_weights(),
        strict=True,
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
    # The first feedback changes part of what the boxes alone have chosen.
    assert 0 < epochs[0]["changed_share"] < 1
    scores = [entry["val_mean_iou"] for entry in epochs]
    best = tf.train.load_checkpoint(tf.train.latest_checkpoint(os.path.join(whole_run, "best")))
    assert best.get_tensor("score/.ATTRIBUTES/VARIABLE_VALUE") == max(scores)
    assert best.get_tensor("epoch/.ATTRIBUTES/VARIABLE_VALUE") == scores.index(max(scores))
    with open(os.path.join(whole_run, "config.json"), encoding="utf-8") as file:
        stored = json.load(file)
    assert stored["batch_size"] == config.batch_size
    assert stored["versions"]["tensorflow"] == tf.__version__
    assert os.path.exists(os.path.join(whole_run, "mask_evolution.png"))
    steps = collections.Counter()
    for name in os.listdir(whole_run):
        if name.startswith("events.out"):
            for event in tf.compat.v1.train.summary_iterator(os.path.join(whole_run, name)):
                steps.update((value.tag, event.step) for value in event.summary.value)
    # The first epoch has two mask updates: one that asks the network, and what it is held against.
    assert max(steps.values()) == 1, steps.most_common(3)
    tags = {tag for tag, _ in steps}
    assert {tag.partition("/")[0] for tag in tags} == {"train", "masks", "val"}
    assert {f"train/{name}" for name in ("loss", "learning_rate", "images_per_second")} <= tags
    assert {"val/mean_iou", "val/iou/star", "masks/mean_iou", "masks/changed_share"} <= tags
    assert sum(tag.startswith("masks/0_shapes") for tag in tags) == 2


def test_pseudo_masks_are_those_that_the_update_was_scored_by(config, tmp_path):
    trainer = Trainer(str(tmp_path / "run"), config)
    images = ShapesReader(NUM_IMAGES, seed=5, image_size=64)
    example = images[3]
    rectangles = np.zeros_like(example.mask, bool)
    for ymin, xmin, ymax, xmax in example.boxes.astype(int):
        rectangles[ymin:ymax, xmin:xmax] = True
    np.testing.assert_array_equal(trainer.pseudo_mask(3) > 0, rectangles)
    report = trainer.update_masks()
    counts = ConfusionMatrix.zeros(len(images.class_names))
    for number, image in enumerate(images):
        counts += count_pixels(image.mask, trainer.pseudo_mask(number), len(images.class_names))
    assert report.pseudo_mask_mean_iou == pytest.approx(counts.mean_iou)
    with pytest.raises(InputError, match=r"train:mask has no pseudo-masks: expected a :box"):
        trainer.pseudo_mask(0, source=1)
    with pytest.raises(IndexError):
        trainer.pseudo_mask(NUM_IMAGES)


def test_more_epochs_equal_a_longer_run(whole_run, half_run, config, tmp_path, capsys):
    model_dir = str(tmp_path / "run")
    shutil.copytree(half_run, model_dir)
    train(model_dir, config)
    assert "resuming from" in capsys.readouterr().out
    assert_same_run(whole_run, model_dir)
    train(model_dir, config)
    assert "already trained for 2 epochs: nothing to do" in capsys.readouterr().out
    assert_same_run(whole_run, model_dir)


def test_fewer_epochs_than_done_are_nothing_to_do(whole_run, config, capsys):
    before = epochs_of(whole_run)
    assert train(whole_run, dataclasses.replace(config, epochs=1)) == before
    assert "already trained for 2 epochs: nothing to do" in capsys.readouterr().out
    assert epochs_of(whole_run) == before


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory) -> str:
    """The folder of a run that is killed again and again."""
    return str(tmp_path_factory.mktemp("runs") / "killed")


@pytest.mark.parametrize(
    ("epochs_before", "moment"),
    [
        (0, "epoch 1:.* [2-5]/6 "),
        (0, "validation:"),
        (1, "mask update 2:"),
        (1, "epoch 2:.* [2-5]/6 "),
    ],
)
def test_sigkill_at_any_moment(epochs_before, moment, config, killed_run):
    """In their order, each upon what those before it have left."""
    seconds = np.random.default_rng(len(moment)).uniform(0, 0.2)
    output = _killed(_script(config, killed_run), moment, seconds)
    assert "Traceback" not in output, output
    # Where it was killed is a matter of chance; not so that it was under way.
    assert (epochs_before, 0) <= _progress(killed_run) < (2, 0)


def test_a_run_that_was_killed_ends_as_if_it_were_not(whole_run, config, killed_run):
    """It is compared with one that ran in this process, after other work."""
    finished = _script(config, killed_run)
    output = finished.communicate()
    assert finished.returncode == 0, output
    assert "resuming from" in output
    assert_same_run(whole_run, killed_run)


def _script(config: TrainConfig, model_dir: str) -> Forked:
    """Starts a run in a fresh process."""
    flags = [f"--{name}={value}" for name, value in dataclasses.asdict(config).items()]
    return Forked(
        ["scripts/train.py", *flags, f"--model_dir={model_dir}"],
        os.environ | {"TQDM_MININTERVAL": "0"},  # says every step
    )


def _killed(process: Forked, text: str, seconds: float) -> str:
    """SIGKILLs a process so many seconds after it said what matches; returns all it said."""
    said = process.read_until(text)
    time.sleep(seconds)
    process.kill()
    return said + process.communicate()


def _progress(model_dir: str) -> tuple[int, int]:
    """Epoch and step that the newest checkpoint holds."""
    path = tf.train.latest_checkpoint(model_dir)
    names = [f"progress/{name}/.ATTRIBUTES/VARIABLE_VALUE" for name in ("epoch", "step")]
    return tuple(int(tf.train.load_variable(path, name)) for name in names) if path else (0, 0)


def test_a_full_disk_ends_with_one_line_and_the_run_goes_on(whole_run, half_run, config, tmp_path):
    """No file may grow beyond 100,000 bytes, and a checkpoint must: a real EFBIG."""
    model_dir = str(tmp_path / "run")
    shutil.copytree(half_run, model_dir)
    kept = tf.train.latest_checkpoint(model_dir)
    files = sorted(os.listdir(model_dir))
    flags = [f"--{name}={value}" for name, value in dataclasses.asdict(config).items()]
    limited = (
        "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    script = ["scripts/train.py", *flags, f"--model_dir={model_dir}"]
    process = Forked(["-c", limited, *script])
    said = process.communicate()
    assert process.returncode == 1
    line = said.splitlines()[-1]
    what = f"error: {re.escape(model_dir)}/ckpt-\\d+: could not be written: File too large"
    assert re.match(what + r" \(\d+\.\d MB free\)", line), line
    assert f"the last checkpoint, {kept}, is intact; make room and give the same command" in line
    assert "Traceback" not in said
    assert tf.train.latest_checkpoint(model_dir) == kept
    assert [f for f in sorted(os.listdir(model_dir)) if not f.startswith("events")] == [
        f for f in files if not f.startswith("events")
    ]
    train(model_dir, config)
    assert_same_run(whole_run, model_dir)


def test_a_folder_is_not_taken_for_a_source_of_weights(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir(config.init)
    Trainer(str(tmp_path / "run"), dataclasses.replace(config, val_data="", num_pictures=0))


def test_an_epoch_without_steps_takes_no_batch(config, tmp_path, monkeypatch):
    """Of several workers one would be given an empty batch, and wait for the others' step."""
    trainer = Trainer(str(tmp_path / "run"), dataclasses.replace(config, val_data=""))
    trainer.progress.step.assign(trainer._num_steps)
    monkeypatch.setattr(type(trainer.pipeline), "start", lambda *_: None)  # skips no batch
    trainer.update_network()
    assert int(trainer.progress.step) == trainer._num_steps


def test_a_run_can_start_from_another(whole_run, config, folders, tmp_path):
    model_dir = str(tmp_path / "run")
    start = dataclasses.replace(config, init=whole_run, learning_rate=0.0, epochs=1)
    train(model_dir, start)
    for ours, theirs in zip(
        load_segmenter(model_dir).model.get_weights(),
        load_segmenter(whole_run).model.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    wider = dataclasses.replace(start, width_multiplier=0.1)
    with pytest.raises(InputError, match=r"width 0\.05, 5 classes: expected .* width 0\.1, 5"):
        train(str(tmp_path / "wider"), wider)


def test_candidates_that_were_made_anew_are_refused(whole_run, config, tmp_path, capsys):
    """The labelling names them by their numbers, and the data's digest does not tell them apart."""
    model_dir = str(tmp_path / "run")
    shutil.copytree(whole_run, model_dir)
    path = pathlib.Path(model_dir, "config.json")
    settings = json.loads(path.read_text())
    (pools,) = settings["pools"]
    assert pools["method"] == "scg" and pools["number"] > 0
    other = {"pools": [pools | {"number": pools["number"] + 1}]}
    path.write_text(json.dumps(settings | other))
    with pytest.raises(InputError, match="holds a run with pools = .*'method': 'scg'"):
        train(model_dir, config)
    del settings["pools"]  # as runs of earlier versions
    path.write_text(json.dumps(settings))
    train(model_dir, config)
    assert "nothing to do" in capsys.readouterr().out


def test_other_settings_are_refused(whole_run, config, folders):
    with pytest.raises(InputError, match=r"holds a run with learning_rate = 0.01: expected 0.5"):
        train(whole_run, dataclasses.replace(config, learning_rate=0.5))
    only_masks = dataclasses.replace(config, train_data=f"{folders['train']}:mask")
    with pytest.raises(InputError, match="holds a run with (train_data|data_digests) = "):
        train(whole_run, only_masks)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(config, tmp_path):
    model_dir = str(tmp_path / "run")
    diverging = dataclasses.replace(config, learning_rate=1e18)
    with pytest.raises(InputError, match="the loss is nan at epoch 1, step [1-9]") as error:
        train(model_dir, diverging)
    step, names = re.search(r"step (\d+) \(images (.*?)\)", str(error.value)).groups()
    sources = load_sources(config.train_data)
    counts = {s.example_id(e): e.num_boxes for s in sources if s.is_box for e in s.examples}
    pipeline = TrainingPipeline(sources, Labelling(counts), config)
    pipeline.start(0, int(step))
    _, _, example_ids = next(iter(pipeline.dataset))
    assert names.split(", ") == [name.decode() for name in example_ids.numpy()]
    for weights in load_segmenter(model_dir).model.get_weights():
        assert np.isfinite(weights).all()


def test_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"config.json: expected a run's settings.* No such file"):
        load_segmenter(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config.json: expected a run's settings, .*: Expecting"):
        load_segmenter(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("crop_size", 320, "--crop_size=320: expected 8 n \\+ 1"),
        ("crop_size", -7, "--crop_size=-7: expected at least 1"),
        ("max_scale", math.inf, "--max_scale=inf: expected more than 0"),
        ("k", 0, "--k=0: expected at least 1"),
        ("belief", "blind", "--belief=blind: expected one of cross_entropy, "),
        ("min_box_iou", 1.5, "--min_box_iou=1.5: expected a number in 0 .. 1"),
        ("update_scale", 0.0, "--update_scale=0.0: expected more than 0"),
        ("update_batch", 0, "--update_batch=0: expected at least 1"),
        ("frozen_blocks", 6, "--frozen_blocks=6: expected at most the 5 blocks"),
        ("learning_rate", -1.0, "--learning_rate=-1.0: expected at least 0"),
    ],
)
def test_bad_settings_are_refused(name, value, message):
    with pytest.raises(InputError, match=message):
        TrainConfig("x:box", **{name: value})


def test_every_setting_is_documented():
    assert descriptions(TrainConfig).keys() == {
        field.name for field in dataclasses.fields(TrainConfig)
    }
