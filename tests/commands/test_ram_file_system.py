"""All steps with all their folders on TensorFlow's file system in memory, as on the local disk.

What goes around `boxsup_tf.io` would not find ram://, or look for it on the local disk.
"""

import contextlib
import json
import os
import sys
import traceback

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.io import files
from boxsup_tf.proposals import generate
from tests.data.tiny import CocoFolder, VocFolder, voc_object, voc_xml
from tests.in_process import run_script
from tests.proposals.in_this_process import InThisProcess

_RAM = "ram://all_steps"
_EVENTS = ("open", "os.", "shutil.", "glob.", "pathlib.", "tempfile.")
_gone_around: list[str] = []  # calls of the operating system with a path of ram://
_is_watching = False


def _watch(event: str, arguments: tuple) -> None:
    if _is_watching and event.startswith(_EVENTS):
        _note(event, arguments[0] if arguments else "")


def _note(call: str, path: object) -> None:
    # TensorFlow measures the checkpoints that it has written, for itself, on the local disk alone.
    if "ram:" in str(path):
        stack = "".join(traceback.format_stack())
        if "_get_checkpoint_size" not in stack:
            _gone_around.append(f"{call} {path}\n{stack}")


def _run(name: str, *arguments: str) -> str:
    completed = run_script(f"{name}.py", *arguments)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def _all_steps(root: str) -> None:
    voc = [f"--data_dir={root}/devkit", "--split=train"]
    _run("prepare_data", "--dataset=voc", *voc, f"--output_dir={root}/voc", "--num_shards=2")
    coco = [f"--data_dir={root}/coco", "--split=train", "--num_shards=1"]
    _run("prepare_data", "--dataset=coco", *coco, f"--output_dir={root}/from_coco")
    shapes = ["--dataset=shapes", "--num_images=5", "--image_size=64", "--num_shards=2"]
    _run("prepare_data", *shapes, f"--output_dir={root}/shapes")
    pools = [f"--output_dir={root}/pools", "--method=rectangle", "--visualize=1"]
    _run("generate_proposals", f"--input_dir={root}/shapes", *pools)
    training = [
        f"--train_data={root}/pools:box,{root}/shapes:mask",
        f"--val_data={root}/shapes",
        f"--model_dir={root}/run",
        *("--init=random", "--width_multiplier=0.05", "--batch_size=2", "--crop_size=65"),
        *("--num_pictures=1", "--warmup_epochs=0", "--checkpoint_minutes=0"),
        *("--frozen_blocks=1", "--augmentations=1", f"--feature_cache={root}/features"),
    ]
    _run("train", *training, "--epochs=1")
    assert "resuming from" in _run("train", *training, "--epochs=2")
    evaluation = [f"--data={root}/shapes", f"--output_dir={root}/evaluation"]
    _run("evaluate", f"--model_dir={root}/run/best", *evaluation)
    _run("export", f"--model_dir={root}/run", f"--output_dir={root}/export")
    phone = [f"--output_dir={root}/phone", "--format=tflite", "--image_size=64,64"]
    _run("export", f"--model_dir={root}/run", *phone)
    _run("extract_images", f"--input_dir={root}/shapes", f"--output_dir={root}/images")
    predictions = [f"--images={root}/images", f"--output_dir={root}/predictions"]
    assert "5 new of 5" in _run("predict", f"--saved_model={root}/export", *predictions)
    assert "0 new of 5" in _run("predict", f"--saved_model={root}/export", *predictions)
    page = [f"--data={root}/shapes", f"--model_dir={root}/run", f"--output={root}/report.html"]
    _run("report", f"--evaluation={root}/evaluation", *page)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The present folder, in which no step may leave anything."""
    folder = tmp_path_factory.mktemp("current")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(generate, "WorkerPool", InThisProcess)
        patched.chdir(folder)
        yield
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def disk(elsewhere, tmp_path_factory) -> str:
    """The root of all folders on the local disk."""
    root = tmp_path_factory.mktemp("disk")
    devkit = VocFolder(root / "devkit")
    for name in ("a", "b"):
        mask = np.full((24, 32), 8, np.uint8)
        devkit.add(name, voc_xml(voc_object("cat")), mask)
    coco = CocoFolder(root / "coco")
    coco.annotate(18, [2, 3, 10, 12])
    coco.save()
    for path in files.below(str(root)):
        files.make_folders(os.path.dirname(path).replace(str(root), _RAM))
        files.copy(path, path.replace(str(root), _RAM))
    _all_steps(str(root))
    return str(root)


@pytest.fixture(scope="module")
def ram(disk) -> str:
    """The root of the same in memory."""
    global _is_watching
    sys.addaudithook(_watch)
    with pytest.MonkeyPatch.context() as patched:
        for name in ("stat", "lstat", "access"):  # which are not audited
            original = getattr(os, name)

            def noted(path, *arguments, _call=original, _name=name, **options):
                _note(_name, path)
                return _call(path, *arguments, **options)

            patched.setattr(os, name, noted)
        _is_watching = True
        for go_around in (os.path.exists, os.makedirs, np.load):
            with contextlib.suppress(OSError):
                go_around("/dev/null/ram://")
            assert _gone_around
            _gone_around.clear()
        _all_steps(_RAM)
        _is_watching = False
    return _RAM


def test_all_steps_on_the_local_disk(disk):
    made = {*files.names_in(disk)} - {"devkit", "coco"}
    assert made > {"run", "evaluation", "export", "phone", "predictions", "report.html"}


def _both(disk: str, path: str) -> list[bytes]:
    return [files.read(f"{root}/{path}") for root in (disk, _RAM)]


@pytest.mark.usefixtures("ram")
def test_nothing_goes_around():
    assert not _gone_around, _gone_around[0]


@pytest.mark.usefixtures("ram")
@pytest.mark.parametrize("folder", ["voc", "from_coco", "shapes", "pools"])
def test_records(disk, folder):
    names = sorted(files.names_in(f"{disk}/{folder}"))
    assert sorted(files.names_in(f"{_RAM}/{folder}")) == names
    assert {"dataset.json", "index.npz"} < {*names}
    for path in files.below(f"{disk}/{folder}"):
        local, ram = _both(disk, os.path.relpath(path, disk))
        assert local == ram, path


@pytest.mark.usefixtures("ram")
def test_run(disk):
    local, ram = map(json.loads, _both(disk, "run/metrics.json"))
    assert local == ram and len(ram["epochs"]) == 2
    first, second = (tf.train.load_checkpoint(f"{root}/run") for root in (disk, _RAM))
    for name in first.get_variable_to_shape_map().keys() - {"_CHECKPOINTABLE_OBJECT_GRAPH"}:
        np.testing.assert_array_equal(first.get_tensor(name), second.get_tensor(name), name)
    names = files.names_in(f"{_RAM}/run")
    assert [name for name in names if name.startswith("events.")]
    assert {"mask_evolution.png", "config.json", "checkpoint"} <= {*names}
    assert not [name for name in names if name.endswith(".tmp")]


@pytest.mark.usefixtures("ram")
def test_evaluation_export_and_predictions(disk):
    for path in ("evaluation/metrics.json", "evaluation/per_image.json", "phone/model.tflite"):
        local, ram = _both(disk, path)
        assert local == ram, path
    masks = sorted(files.matching(f"{_RAM}/predictions/masks", "*.png"))
    assert len(masks) == 5
    for path in masks:
        local, ram = _both(disk, os.path.relpath(path, _RAM))
        assert local == ram, path


def test_exports_have_numbers(ram):
    root = f"{ram}/export"
    assert "export/2" in _run("export", f"--model_dir={_RAM}/run", f"--output_dir={root}")
    assert sorted(files.names_in(root)) == ["1", "2"]
    files.remove(f"{root}/2/saved_model.pb")  # which is copied last: a half export is passed over
    flags = [f"--images={_RAM}/images", f"--output_dir={_RAM}/predictions"]
    assert "0 new of 5" in _run("predict", f"--saved_model={root}", *flags)
