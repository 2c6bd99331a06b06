"""recipes.reproduce: recipes really run in small, and go on after a kill."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

from boxsup_tf.commands.reproduce import check_step
from boxsup_tf.errors import InputError
from boxsup_tf.io.folder_lock import folder_lock
from boxsup_tf.miniature.context import write_context
from boxsup_tf.miniature.sbd import write_sbd
from boxsup_tf.miniature.voc import write_voc
from boxsup_tf.recipes.miniature import IMAGENET, make_data
from boxsup_tf.recipes.reproduce import reproduce
from boxsup_tf.recipes.run_steps import Steps
from boxsup_tf.recipes.step import Step, load_step
from tests.conftest import REPOSITORY, needs_crf
from tests.forked import Forked
from tests.recipes.steps import in_process

_CONTEXT = "table5/baseline"
_VALUES = ("recipe", "metric", "value", "paper", "failed")


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory) -> pathlib.Path:
    """A folder in which the network that trainings begin with is made, with next to no training."""
    steps, made = Steps(str(tmp_path_factory.mktemp("imagenet"))), dict[str, Step]()
    for step in map(load_step, IMAGENET):
        small = {"prepare_data": (("num_images", "2"),), "train": (("epochs", "1"),)}[step.command]
        in_process(steps, step.but(small))
        steps.done[step.name] = digest = steps._digest(step, made)
        record = pathlib.Path(steps.root, "steps", f"{step.name}.json")
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"digest": digest, "seconds": 0.0}))
        made[step.writes] = step
    return pathlib.Path(steps.root)


def _small_context(root: pathlib.Path, imagenet: pathlib.Path) -> None:
    """Less data than the miniature's own, which is not made where this is."""
    shutil.copytree(imagenet, root, dirs_exist_ok=True)
    write_context(str(root / "data"), num_train=6, num_val=3, image_size=72)
    (root / "data" / "miniature.json").write_text("{}")


def _run(recipe: str, root: pathlib.Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Steps, "_call", in_process)
        _, failures = reproduce([recipe], "", str(root), check_step)
    assert not failures


def _rows(root: pathlib.Path) -> list[dict]:
    rows = json.loads((root / "results.json").read_text())["rows"]
    return [{name: row[name] for name in _VALUES} for row in rows]


@pytest.fixture(scope="module")
def context(tmp_path_factory, imagenet) -> pathlib.Path:
    """A folder in which Table 5's baseline has run."""
    root = tmp_path_factory.mktemp("context")
    _small_context(root, imagenet)
    _run(_CONTEXT, root)
    return root


@needs_crf
def test_context(context):
    with_crf, without = _rows(context)
    assert (with_crf["paper"], without["paper"]) == (35.7, None)
    run = context / "runs/table5/baseline"
    for row, folder in ((with_crf, run / "eval/crf"), (without, run / "eval")):
        metrics = json.loads((folder / "metrics.json").read_text())
        assert row["value"] == round(100 * metrics["mean_iou"], 2) and metrics["num_images"] == 3
    # The recipe's settings, but for the miniature's.
    config = json.loads((run / "config.json").read_text())
    assert (config["network"], config["decay_epochs"], config["epochs"]) == ("deeplab", 6, 8)
    assert len(config["class_names"]) == 60
    assert (context / "recipes" / "table5/baseline/train.flags").exists()


def _small_voc(root: pathlib.Path, imagenet: pathlib.Path) -> None:
    shutil.copytree(imagenet, root, dirs_exist_ok=True)
    write_voc(str(root / "data"), num_train=4, num_val=2, num_more=4, num_test=1, image_size=72)
    write_sbd(str(root / "data"), image_size=72)
    (root / "data" / "miniature.json").write_text("{}")


@needs_crf
def test_semi(imagenet, tmp_path):
    _small_voc(tmp_path, imagenet)
    _run("table1/semi", tmp_path)
    infos = {
        name: json.loads((tmp_path / "records" / name / "dataset.json").read_text())
        for name in ("voc_train", "voc_rest", "voc_rest_mcg", "voc_val")
    }
    # Each image once: with its mask where VOC has it, else with its boxes.
    voc = tmp_path / "data/VOCdevkit/VOC2012/ImageSets/Segmentation"
    train, val = (set((voc / f"{name}.txt").read_text().split()) for name in ("train", "val"))
    sbd = tmp_path / "data/benchmark_RELEASE/dataset"
    both = {name for part in ("train", "val") for name in (sbd / f"{part}.txt").read_text().split()}
    assert both & val and both & train
    assert infos["voc_train"]["num_images"] == len(train)
    assert infos["voc_rest"]["num_images"] == len(both - train - val) > 0
    assert infos["voc_rest_mcg"]["num_candidates"] > 0
    config = json.loads((tmp_path / "runs/table1/semi/config.json").read_text())
    assert config["train_data"] == "records/voc_train:mask,records/voc_rest_mcg:box"
    assert (config["k"], config["belief"], config["warmup_epochs"]) == (5, "cross_entropy", 0)
    with_crf, without = _rows(tmp_path)
    assert with_crf["paper"] == 63.5 and 0 <= with_crf["value"] <= 100 >= without["value"] >= 0


@needs_crf
def test_after_a_kill_it_ends_with_the_same_table(context, tmp_path, capsys):
    """What the row shares with others is done; killed is the training."""
    own = shutil.ignore_patterns("table5", "results.json")
    shutil.copytree(context, tmp_path, symlinks=True, ignore=own, dirs_exist_ok=True)
    log = tmp_path / "steps/table5/baseline/train.log"
    flags = (f"--recipe={_CONTEXT}", "--miniature", f"--output_root={tmp_path}")
    process = Forked(["scripts/reproduce.py", *flags])
    try:
        started = time.monotonic()
        while not log.exists() and time.monotonic() - started < 300:
            time.sleep(0.1)
        assert log.exists()
        time.sleep(1)  # so that the training has begun
    finally:
        process.kill()
        process.communicate()
    _run(_CONTEXT, tmp_path)
    out = capsys.readouterr().out
    assert out.count("done before") == 4 and "table5/baseline/train: done before" not in out
    assert _rows(tmp_path) == _rows(context)


def test_a_step_ends_with_the_program(tmp_path):
    """What a killed program leaves behind would write beside the next one."""
    make = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
    make += (
        "from boxsup_tf.recipes.run_steps import Steps\n"
        "from boxsup_tf.recipes.step import Step\n"
        "flags = (('dataset', 'shapes'), ('num_images', '100000'), ('output_dir', 'records/x'))\n"
        f"Steps({str(tmp_path)!r}).run([Step('x.prepare_data', '', flags)])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", make], stdout=subprocess.DEVNULL)
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    started = time.monotonic()
    while not (tmp_path / "records/x").exists() and time.monotonic() - started < 60:
        time.sleep(0.1)
    (child,) = map(int, children.read_text().split())
    process.kill()
    process.wait()
    started = time.monotonic()
    while pathlib.Path(f"/proc/{child}").exists() and time.monotonic() - started < 10:
        time.sleep(0.1)
    try:
        assert not pathlib.Path(f"/proc/{child}").exists()
    finally:
        if pathlib.Path(f"/proc/{child}").exists():
            os.kill(child, signal.SIGKILL)


def test_folders_that_are_in_the_way(tmp_path):
    (tmp_path / "recipes").mkdir()
    with pytest.raises(InputError, match="recipes: is no link: expected one to"):
        reproduce(["table5/baseline"], "", str(tmp_path), lambda step: None)
    with pytest.raises(InputError, match="expected folders of this machine"):
        reproduce(["table5/baseline"], "", "gs://bucket/x", lambda step: None)
    with pytest.raises(InputError, match="small/voc_subset/masks: vgg16_notop has no miniature"):
        reproduce(["small/voc_subset/masks"], "", str(tmp_path), lambda step: None)


def test_a_folder_in_which_another_process_works_is_left_alone(tmp_path):
    with folder_lock(str(tmp_path), "--output_root"):
        with pytest.raises(InputError, match=f"in use by process {os.getpid()} on "):
            reproduce(["table5/fcn8s"], "", str(tmp_path), lambda step: None)
        assert os.listdir(tmp_path) == [".lock"]


def test_the_data_of_another_run_is_not_taken(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "out").mkdir()
    os.symlink(tmp_path / "one", tmp_path / "out" / "data")
    write_context(str(tmp_path / "two"), num_train=2, num_val=1, image_size=64)
    with pytest.raises(InputError, match="data: leads to .*one: expected .*two"):
        reproduce(["table5/fcn8s"], str(tmp_path / "two"), str(tmp_path / "out"), lambda step: None)


def test_the_miniatures_data_is_made_once(tmp_path):
    make_data(str(tmp_path / "a"), image_size=64)
    first = {
        path.relative_to(tmp_path / "a"): path.read_bytes()
        for path in (tmp_path / "a").rglob("*")
        if path.is_file()
    }
    (tmp_path / "a" / "miniature.json").unlink()  # as after an interruption
    make_data(str(tmp_path / "a"), image_size=64)
    assert {name: (tmp_path / "a" / name).read_bytes() for name in first} == first
    kept = tmp_path / "a" / "pascal-context" / "labels.txt"
    kept.write_text("mine")
    make_data(str(tmp_path / "a"), image_size=64)
    assert kept.read_text() == "mine"
