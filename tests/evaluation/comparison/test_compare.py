"""Comparisons of evaluations that evaluate() wrote."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.comparison.bootstrap import ImageCounts
from boxsup_tf.evaluation.comparison.compare import compare
from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.evaluation.result import read_evaluations
from boxsup_tf.inference.segmentation_model import SegmentationModel
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.writer import write_dataset

_ROOT = pathlib.Path(__file__).parents[3]
NUM_IMAGES = 12


def darkest(limit: int):
    """A model that takes what is brighter than `limit` for a star, in half of the images."""

    def probabilities(images: np.ndarray) -> np.ndarray:
        bright = images.mean(axis=-1) > limit
        odds = np.stack([~bright, bright, *[np.zeros_like(bright)] * 3], axis=-1)
        return (0.2 + odds.astype(np.float32)) / 2

    return probabilities


@pytest.fixture(scope="module")
def evaluations(tmp_path_factory) -> list[str]:
    """Two evaluations, the second with the CRF, of twelve images."""
    pytest.importorskip("pydensecrf")
    root = tmp_path_factory.mktemp("compare")
    reader = ShapesReader(NUM_IMAGES, seed=5, image_size=64)
    write_dataset(
        str(root / "records"),
        DatasetInfo({"dataset": "shapes"}, SHAPE_CLASSES, num_shards=2),
        NUM_IMAGES,
        lambda indices: [records.encode_example(reader[i], SHAPE_CLASSES) for i in indices],
        "write",
    )
    for name, limit in (("a", 100), ("b", 160)):
        probabilities = darkest(limit)
        model = SegmentationModel(
            SHAPE_CLASSES,
            {"limit": limit},
            lambda images, p=probabilities: p(images).argmax(axis=-1),
            probabilities,
        )
        options = EvaluateOptions(crf=name == "b")
        evaluate(model, str(root / "records"), str(root / name), options)
    return [str(root / "a"), str(root / "b")]


def test_figures_are_those_of_the_evaluations(evaluations, tmp_path):
    comparison = compare(evaluations, str(tmp_path), resamples=200, num_images=3)
    assert json.loads((tmp_path / "comparison.json").read_text()) == json.loads(
        json.dumps(comparison)
    )
    with Image.open(tmp_path / "trimap.png") as plot:
        assert plot.format == "PNG"
    first, *others = (
        json.loads((pathlib.Path(e) / "metrics.json").read_text())
        for e in (*evaluations, f"{evaluations[1]}/crf")
    )
    names = [evaluation["name"] for evaluation in comparison["evaluations"]]
    assert names == ["a", "b", "b + CRF"]
    for other, metrics in zip(comparison["evaluations"][1:], others, strict=True):
        assert other["difference"] == pytest.approx(metrics["mean_iou"] - first["mean_iou"])
        low, high = other["interval"]
        assert low < other["difference"] < high
        change = other["per_class_difference"]
        before, after = first["per_class_iou"], metrics["per_class_iou"]
        expected = {
            name: None if None in (before[name], after[name]) else after[name] - before[name]
            for name in SHAPE_CLASSES
        }
        assert change == pytest.approx(expected) and any(change.values())

    images = [
        {
            image["id"]: image
            for image in json.loads((pathlib.Path(e) / "per_image.json").read_text())["images"]
        }
        for e in evaluations
    ]
    changes = {key: images[1][key]["mean_iou"] - images[0][key]["mean_iou"] for key in images[0]}
    ascending = sorted(changes, key=changes.__getitem__)
    against = comparison["evaluations"][1]
    lost = [key for key in ascending if changes[key] < 0][:3]
    gained = [key for key in reversed(ascending) if changes[key] > 0][:3]
    assert [image["id"] for image in against["lost"]] == lost
    assert [image["id"] for image in against["gained"]] == gained
    assert lost or gained


def test_counts_of_images_add_up_to_the_figures_of_the_set(evaluations):
    for one in (one for path in evaluations for one in read_evaluations(path, path)):
        of_the_set = ImageCounts.of(one).mean_iou(np.ones(NUM_IMAGES))
        assert of_the_set == pytest.approx(one.metrics["mean_iou"])


def test_what_cannot_be_compared_is_refused(evaluations, tmp_path):
    out = str(tmp_path / "out")
    with pytest.raises(InputError, match="nothing to compare: expected two folders"):
        compare(evaluations[:1], out)
    with pytest.raises(
        InputError, match="none: no evaluation: expected a folder written by evaluate.py"
    ):
        compare([evaluations[0], str(tmp_path / "none")], out)
    other = tmp_path / "other"
    (other / "predictions").mkdir(parents=True)
    with pytest.raises(InputError, match="other/metrics.json: not found: expected a file that eva"):
        compare([evaluations[0], str(other)], out)
    assert not os.path.exists(out)

    per_image = json.loads((pathlib.Path(evaluations[0]) / "per_image.json").read_text())
    metrics = json.loads((pathlib.Path(evaluations[0]) / "metrics.json").read_text())
    gone = per_image["images"][-1]

    def refused(images: object, figures: dict, message: str) -> None:
        (other / "per_image.json").write_text(json.dumps(images))
        (other / "metrics.json").write_text(json.dumps(figures))
        with pytest.raises(InputError, match=message):
            compare([evaluations[0], str(other)], out)

    row = gone["counts"]["background"]
    name, pixels = row.popitem()
    row[name] = pixels - 1  # of a mask with a pixel less
    refused(per_image, metrics, f"image '{gone['id']}': pixels by true class are .* expected")
    per_image["images"].pop()
    refused(per_image, metrics, f"image '{gone['id']}' is in .*a only: expected the same")
    refused([], metrics, "per_image.json: holds a list: expected an object")
    del per_image["images"][0]["counts"]
    refused(
        per_image,
        metrics,
        "per_image.json: expected a file that evaluate.py wrote: .*images.0. has no 'counts'",
    )


def run_script(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(_ROOT / "scripts" / "compare.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_what_the_script_refuses(evaluations, tmp_path):
    given = [f"--evaluations={','.join(evaluations)}", f"--output_dir={tmp_path}/file/out"]
    for flag in ("--num_images=-1", "--resamples=0"):
        result = run_script(*given, flag)
        assert result.returncode != 0 and flag[2:-2].strip("=") in result.stderr
    (tmp_path / "file").touch()
    result = run_script(*given, "--resamples=1")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"error: {tmp_path}/file/out: cannot be read or written: Not a directory"
    )


def test_script_prints_the_table(evaluations, tmp_path):
    result = run_script(f"--evaluations={','.join(evaluations)}", f"--output_dir={tmp_path}")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith((tmp_path / "comparison.md").read_text())
    rows = [line.split(" | ") for line in result.stdout.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {4}
    plain, refined = (
        json.loads((pathlib.Path(evaluations[1]) / name).read_text())["mean_iou"]
        for name in ("metrics.json", "crf/metrics.json")
    )
    assert rows[2][0] == "| mean IoU" and rows[2][2] == f"{100 * plain:.2f}"
    assert rows[2][3] == f"{100 * refined:.2f} |"
