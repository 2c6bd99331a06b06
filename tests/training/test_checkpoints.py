"""training.checkpoints: which stay, which is the best, and what cannot be read or written."""

import json
import os
import shutil

import numpy as np
import pytest

from boxsup_tf.errors import InputError, InputWarning
from boxsup_tf.models.saved_network import choose_network, load_network_weights, load_segmenter
from tests.models.segmenters import make_segmenter
from tests.small_tmpfs import run_on_small_disk
from tests.training.runs import CLASS_NAMES, open_run, value_of


def numbers(folder: object) -> list[str]:
    names = os.listdir(folder)
    return sorted(name.removesuffix(".index") for name in names if name.endswith(".index"))


@pytest.mark.parametrize("keep", [1, 3])
def test_the_last_k_stay(tmp_path, keep):
    run = open_run(tmp_path, keep_checkpoints=keep)
    for i in range(5):
        run.set(i)
        run.checkpoints.save()
    assert numbers(tmp_path) == [f"ckpt-{i + 1}" for i in range(5)][-keep:]
    # Also over a resume, and with another k.
    again = open_run(tmp_path, keep_checkpoints=2)
    assert value_of(again.model) == 4
    again.checkpoints.save()
    assert numbers(tmp_path) == ["ckpt-5", "ckpt-6"]


def test_the_best_stays_whatever_comes_after(tmp_path):
    run = open_run(tmp_path)
    assert run.checkpoints.best() is None
    best = []
    for epoch, score in enumerate([0.3, float("nan"), 0.5, 0.5, 0.4]):
        run.set(epoch, epoch)
        run.checkpoints.save_if_best(score)
        run.checkpoints.save()
        best.append(value_of(load_segmenter(str(tmp_path / "best")).model))
    assert best == [0, 0, 2, 2, 2]  # of equal scores the earlier stays
    segmenter = load_segmenter(str(tmp_path))
    assert value_of(segmenter.model) == 4 and segmenter.class_names == CLASS_NAMES
    assert run.checkpoints.best() == (2, 0.5)
    assert len(numbers(tmp_path / "best")) == 1


def test_the_best_is_known_after_a_resume(tmp_path):
    run = open_run(tmp_path)
    run.set(1.0, 7)
    run.checkpoints.save_if_best(0.6)
    run.checkpoints.save()
    for score, expected in ((0.6, 1.0), (0.5, 1.0), (0.7, 2.0), (0.8, 3.0)):
        again = open_run(tmp_path)
        again.set(expected)
        again.checkpoints.save_if_best(score)
        again.checkpoints.save()
        assert value_of(load_segmenter(str(tmp_path / "best")).model) == expected
    assert open_run(tmp_path).checkpoints.best() == (0, 0.8)
    # No process writes over the best one's files before the better one is whole.
    assert numbers(tmp_path / "best") == ["ckpt-3"]


def test_the_best_folder_is_whole_in_itself_but_no_run(tmp_path):
    run = open_run(tmp_path / "run")
    run.set(1.0)
    run.checkpoints.save_if_best(0.6)
    shutil.copytree(tmp_path / "run" / "best", tmp_path / "copy")
    assert value_of(load_segmenter(str(tmp_path / "copy")).model) == 1
    with pytest.raises(InputError, match=r"copy/ckpt-1: expected a checkpoint of .* its optimiser"):
        open_run(tmp_path / "copy")


def test_a_weight_that_is_no_number_is_not_saved(tmp_path):
    run = open_run(tmp_path)
    run.set(1.0)
    run.checkpoints.save()
    weights = run.model.get_weights()
    weights[3][0] = np.inf
    run.model.set_weights(weights)
    run.progress.epoch.assign(4)
    for save in (run.checkpoints.save, lambda: run.checkpoints.save_if_best(0.9)):
        with pytest.raises(
            InputError, match=r"block1_conv2/bias is not finite at epoch 5.*ckpt-1, is from before"
        ):
            save()
    assert numbers(tmp_path) == ["ckpt-1"] and not (tmp_path / "best").exists()
    assert value_of(load_segmenter(str(tmp_path)).model) == 1


def test_weights_of_another_width_are_refused(tmp_path):
    open_run(tmp_path, width_multiplier=0.04).checkpoints.save()
    both = "holds a network largefov, width 0.04, 3 classes: expected the backbone and width of net"
    with pytest.raises(InputError, match=both) as error:
        load_network_weights(make_segmenter(CLASS_NAMES, 0.02), str(tmp_path))
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize(
    ("class_names", "network", "kept"),
    [
        (CLASS_NAMES, "largefov", []),
        (CLASS_NAMES[:2], "largefov", ["fc8"]),
        (("background", "dog", "cat"), "largefov", ["fc8"]),
        (CLASS_NAMES, "deeplab", ["fc6", "fc7", "fc8"]),
    ],
)
def test_layers_that_fit_are_loaded_and_the_others_named(
    tmp_path, capsys, class_names, network, kept
):
    run = open_run(tmp_path)
    for weight in run.model.weights:
        weight.assign(np.full(weight.shape, 0.5))
    run.checkpoints.save()
    # The first runs did not say what they were.
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    for name in ("network", "backbone", "output_stride"):
        settings.pop(name)
    path.write_text(json.dumps(settings))
    ours = make_segmenter(class_names, 0.02, network)
    before = {layer.name: layer.get_weights() for layer in ours.model.layers}
    load_network_weights(ours, str(tmp_path))
    for layer in ours.model.layers:
        for weight, old in zip(layer.get_weights(), before[layer.name], strict=True):
            np.testing.assert_array_equal(weight, old if layer.name in kept else 0.5)
    expected = f"or other classes: {', '.join(kept)}\n" if kept else ""
    assert capsys.readouterr().out.endswith(expected)
    load_segmenter(str(tmp_path))


def test_a_checkpoint_of_another_network_in_the_folder(tmp_path):
    open_run(tmp_path / "run").checkpoints.save()
    open_run(tmp_path / "wide", width_multiplier=0.04).checkpoints.save()
    for path in (tmp_path / "wide").glob("ckpt-1.*"):
        shutil.copy(path, tmp_path / "run")
    message = r"run/ckpt-1: expected a checkpoint of network largefov, width 0\.02, 3 classes"
    with pytest.raises(InputError, match=message):
        open_run(tmp_path / "run")
    with pytest.raises(InputError, match=message):
        load_segmenter(str(tmp_path / "run"))


@pytest.mark.parametrize("suffix", [".data-00000-of-00001", ".index"])
@pytest.mark.parametrize("damage", ["a bit flipped", "cut short", "empty", "lost"])
def test_a_damaged_checkpoint(tmp_path, suffix, damage):
    open_run(tmp_path).checkpoints.save()
    path = tmp_path / f"ckpt-1{suffix}"
    content = path.read_bytes()
    half = len(content) // 2
    if damage == "a bit flipped":
        path.write_bytes(content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :])
    elif damage == "lost":
        path.unlink()
    else:
        path.write_bytes(content[:half] if damage == "cut short" else b"")
    with pytest.raises(InputError, match="ckpt-1: damaged"):
        open_run(tmp_path)
    # load_segmenter takes a checkpoint without a file for none.
    with pytest.raises(InputError, match="ckpt-1: damaged|no checkpoint yet"):
        load_segmenter(str(tmp_path))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"no proto", "another", "cut"])
def test_a_damaged_state_file_loses_no_checkpoint(tmp_path, content):
    run = open_run(tmp_path, keep_checkpoints=2)
    for epoch in range(11):  # of 10 digits' order, too: ckpt-10 is newer than ckpt-9
        run.set(float(epoch), epoch)
        if epoch > 7:
            run.checkpoints.save()
        run.checkpoints.save_if_best(epoch / 100)
    before = numbers(tmp_path)
    for folder in (tmp_path, tmp_path / "best"):
        path = folder / "checkpoint"
        whole = path.read_bytes()
        newest = numbers(folder)[-1].encode()
        damaged = {"another": whole.replace(newest, b"ckpt-77"), "cut": whole[:27]}
        path.unlink()
        if content is not None:
            path.write_bytes(damaged.get(content, content))
    assert value_of(load_segmenter(str(tmp_path)).model) == 10
    with pytest.warns(InputWarning, match="checkpoint: missing or damaged: .* is taken, ckpt-"):
        again = open_run(tmp_path, keep_checkpoints=2)
    assert value_of(again.model) == 10 and int(again.progress.epoch) == 10
    assert again.checkpoints.best() == (10, 0.1) and numbers(tmp_path) == before
    again.checkpoints.save_if_best(0.05)
    assert open_run(tmp_path).checkpoints.best() == (10, 0.1)


def test_nothing_begins_anew_over_checkpoints_that_cannot_be_read(tmp_path):
    open_run(tmp_path).checkpoints.save()
    (tmp_path / "checkpoint").write_bytes(b"")
    (tmp_path / "ckpt-1.index").write_bytes(b"damaged")
    for read in (open_run, load_segmenter):
        with pytest.raises(
            InputError, match="checkpoint: missing or damaged, and .*ckpt-1 is damag"
        ):
            read(str(tmp_path))


def test_a_config_that_is_no_runs(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="config.json: .* damaged .*'width_multiplier'"):
        load_segmenter(str(tmp_path))


def test_settings_of_a_run_without_a_checkpoint_bind_nothing(tmp_path):
    open_run(tmp_path, schedule="poly", epochs=10)
    open_run(tmp_path, schedule="step", epochs=5).checkpoints.save()
    with pytest.raises(InputError, match="holds a run with schedule = 'step': expected 'poly'"):
        open_run(tmp_path, schedule="poly", epochs=5)


def test_a_run_of_another_version(tmp_path):
    open_run(tmp_path).checkpoints.save()
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    del settings["loss_at"]
    path.write_text(json.dumps(settings))
    with pytest.raises(InputError, match="holds a run with loss_at = None: expected .grid."):
        open_run(tmp_path)


@pytest.mark.parametrize("schedule", ["step", "poly"])
def test_another_number_of_epochs(tmp_path, schedule):
    open_run(tmp_path, schedule=schedule, epochs=10).checkpoints.save()
    open_run(tmp_path, schedule=schedule, epochs=10, num_pictures=1)
    for epochs in (5, 20):
        if schedule == "step":
            open_run(tmp_path, schedule=schedule, epochs=epochs)
        else:
            with pytest.raises(InputError, match=f"--epochs={epochs}: .* a run of 10 epochs with"):
                open_run(tmp_path, schedule=schedule, epochs=epochs)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    """A real one: a file system of two megabytes in memory, filled so that any file may fail."""
    run_on_small_disk(tmp_path, 2, "tests.training.full_disk")


def test_the_best_network_is_meant_where_there_was_a_validation(tmp_path):
    run, folder = open_run(tmp_path), str(tmp_path)
    run.set(1, 0)
    run.checkpoints.save()
    assert choose_network(folder) == (folder, "the last checkpoint")
    run.checkpoints.save_if_best(0.5)
    run.set(2, 1)
    run.checkpoints.save()
    best, what = choose_network(folder)
    assert value_of(load_segmenter(best).model) == 1
    assert what == "the best by validation (epoch 1, mean IoU 0.5000)"
    assert choose_network(best) == (best, what)
    last, what = choose_network(folder, "last")
    assert value_of(load_segmenter(last).model) == 2 and what == "the last checkpoint"
    with pytest.raises(InputError, match="--checkpoint=first: expected one of best, last"):
        choose_network(folder, "first")
