"""cfm.train and cfm.predict on the miniature of PASCAL-Context: learnt, resumed, evaluated."""

import json
import pathlib
import shutil

import numpy as np
import pytest

from boxsup_tf.cfm import train as train_module
from boxsup_tf.cfm.config import CfmConfig
from boxsup_tf.cfm.overlaps import is_object, overlaps
from boxsup_tf.cfm.pasting import paste
from boxsup_tf.cfm.predict import load_cfm
from boxsup_tf.cfm.train import train_cfm
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.comparison.compare import compare
from boxsup_tf.evaluation.evaluation_folder import read_mask
from boxsup_tf.labels import CONTEXT_CLASSES, VOID
from boxsup_tf.miniature.context import write_context
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.generate import generate
from boxsup_tf.proposals.registry import make_options
from boxsup_tf.records.records import decode_example, decode_pool
from boxsup_tf.records.shards import read_records
from tests.in_process import run_script

_SMALL = {"init": "random", "width_multiplier": 0.05, "scale": 1.0, "frozen_blocks": 0}
_FAST = {"dropout": 0.3, "segments": 8, "learning_rate": 0.01, "clip_norm": 1.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    """Records of four images with masks, without and with candidates."""
    root = tmp_path_factory.mktemp("cfm")
    write_context(str(root / "data"), num_train=4, num_val=0, image_size=72)
    done = run_script(
        *("prepare_data", "--dataset=context", f"--data_dir={root}/data/VOCdevkit"),
        *(f"--context_path={root}/data/pascal-context", "--split=train"),
        *(f"--output_dir={root}/masks", "--num_shards=1"),
    )
    assert done.returncode == 0, done.stderr
    options = make_options("mcg", {"edges": "gradient", "max_candidates": 40})
    generate(str(root / "masks"), str(root / "pools"), "mcg", options)
    return root


def _config(folder: pathlib.Path, epochs: int, **others) -> CfmConfig:
    return CfmConfig(str(folder / "pools"), epochs=epochs, **{**_SMALL, **_FAST, **others})


@pytest.fixture(scope="module")
def trained(folder) -> pathlib.Path:
    """A training of three epochs in one go."""
    train_cfm(str(folder / "run"), _config(folder, 3))
    return folder / "run"


def test_an_interrupted_training_ends_as_one_in_one_go(folder, trained, tmp_path, monkeypatch):
    run = str(tmp_path / "run")
    epochs = train_module._run_epoch
    ended = []

    def end_in_the_second(step, samples, epoch):
        if epoch == 1 and not ended:
            ended.append(epoch)
            raise KeyboardInterrupt
        return epochs(step, samples, epoch)

    monkeypatch.setattr(train_module, "_run_epoch", end_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        train_cfm(run, _config(folder, 3))
    history = train_cfm(run, _config(folder, 3))
    whole = json.loads((trained / "metrics.json").read_text())["epochs"]
    assert [epoch["epoch"] for epoch in history] == [0, 1, 2]
    for ours, theirs in zip(history, whole, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
    models = [load_cfm(str(path)) for path in (trained, run)]
    for record in read_records(str(folder / "pools")):
        one, other = (model.label_map(record) for model in models)
        assert (one != other).mean() < 0.01


def test_a_training_of_other_settings_or_data_is_refused(folder, trained, tmp_path):
    with pytest.raises(InputError, match="momentum = 0.9: expected 0.5"):
        train_cfm(str(trained), _config(folder, 3, momentum=0.5))
    with pytest.raises(InputError, match="has no candidates"):
        train_cfm(str(tmp_path), CfmConfig(str(folder / "masks"), epochs=1, **_SMALL))
    with pytest.raises(InputError, match="no such file or folder"):
        train_cfm(str(tmp_path / "x"), _config(folder, 1, init="nothing.h5"))
    assert not (tmp_path / "x").exists()
    with pytest.raises(InputError, match="expected a training's settings, which train_cfm wrote"):
        load_cfm(str(tmp_path))


def test_it_learns_what_segments_are(folder, tmp_path):
    """Four images by heart, from true segments: the loss falls, and the label maps are theirs."""
    run = str(tmp_path / "run")
    history = train_cfm(run, _config(folder, 15, dropout=0.0, segments=16))
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert history[-1]["accuracy"] > history[0]["accuracy"] + 0.3
    output = tmp_path / "eval"
    done = run_script(
        "evaluate_cfm", f"--model_dir={run}", f"--data={folder}/pools", f"--output_dir={output}"
    )
    assert done.returncode == 0, done.stderr
    metrics = json.loads((output / "metrics.json").read_text())
    right, best, pixels = 0, 0, 0
    for record in read_records(str(folder / "pools")):
        example, pool = decode_example(record), decode_pool(record)
        known = example.mask != VOID
        kept = read_mask(
            str(output / f"predictions/{example.source_id}.png"), example.mask.shape, 60
        )
        right += (kept == example.mask)[known].sum()
        best += (_pasted_truth(pool, example.mask) == example.mask)[known].sum()
        pixels += known.sum()
    assert metrics["pixel_accuracy"] == pytest.approx(right / pixels)
    # Of what the candidates allow; a network that knows nothing finds little of it.
    assert right > 0.7 * best
    # Kept label maps are scored again, and another program reads them.
    again = run_script(
        "evaluate_cfm", f"--model_dir={run}", f"--data={folder}/pools", f"--output_dir={output}"
    )
    assert again.stdout == done.stdout
    assert json.loads((output / "seconds.json").read_text())["num_predicted"] == 0
    shutil.copytree(output, tmp_path / "other")
    found = compare([str(output), str(tmp_path / "other")], str(tmp_path / "compared"), 20)
    assert found["evaluations"][1]["difference"] == 0
    # Of another training's network they are not taken.
    (tmp_path / "other" / "evaluation.json").write_text(
        (output / "evaluation.json").read_text().replace('"weights": "', '"weights": "0')
    )
    refused = run_script(
        *("evaluate_cfm", f"--model_dir={run}", f"--data={folder}/pools"),
        f"--output_dir={tmp_path}/other",
    )
    assert refused.returncode == 1 and "with weights = " in refused.stderr


def _pasted_truth(pool: CandidatePool, mask: np.ndarray) -> np.ndarray:
    """The label map of a classifier that knows the truth."""
    found = overlaps(pool, mask, is_object(CONTEXT_CLASSES))
    scores = np.zeros((pool.num_candidates, len(CONTEXT_CLASSES)))
    scores[:, 0] = 0.5
    for values, labels in ((found.iou, found.object_labels), (found.purity, found.stuff_labels)):
        for row, column in zip(*np.nonzero(values[: pool.num_candidates] >= 0.5), strict=True):
            scores[row, labels[column]] = max(values[row, column], scores[row, labels[column]])
    return paste(pool.superpixels, pool.membership, scores)


def test_label_maps_are_unions_of_candidates(folder, trained):
    model = load_cfm(str(trained))
    for record in read_records(str(folder / "pools")):
        label_map, pool = model.label_map(record), decode_pool(record)
        assert isinstance(pool, CandidatePool)
        assert label_map.shape == pool.superpixels.shape
        for superpixel in range(pool.membership.shape[1]):
            assert np.unique(label_map[pool.superpixels == superpixel]).size == 1
    (record, *_) = read_records(str(folder / "masks"))
    with pytest.raises(InputError, match=f"{decode_example(record).source_id} has no candidates"):
        model.label_map(record)
