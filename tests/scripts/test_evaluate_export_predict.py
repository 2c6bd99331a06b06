"""scripts/export.py, evaluate.py and predict.py in a row, as a user runs them."""

import json
import os
import pathlib

import numpy as np
import pytest

from boxsup_tf.crf.parameters import PARAMETER_SETS
from boxsup_tf.data.shapes import SHAPE_CLASSES
from boxsup_tf.errors import InputError
from boxsup_tf.inference.export import export
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.models.saved_network import load_segmenter
from tests.in_process import run_script
from tests.scripts.small_run import write_run, write_shapes


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
    """A run in run/, records in records/, an image and a damaged one in images/."""
    write_run(tmp_path / "run", SHAPE_CLASSES)
    reader = write_shapes(tmp_path / "records", {"dataset": "shapes"}, SHAPE_CLASSES, 2)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "good.jpg").write_bytes(reader[0].encoded)
    (tmp_path / "images" / "bad.jpg").write_bytes(reader[0].encoded[:200])
    return tmp_path


def test_every_option_of_export_reaches_the_graph(folder):
    exported = f"{folder}/export"
    options = ("--precision=bfloat16", "--flip", "--crf", "--crf_parameters=deeplab_voc")
    limit = "--max_megapixels=2"
    result = run_script(
        "export.py", f"--model_dir={folder}/run", f"--output_dir={exported}", *options, limit
    )
    assert result.returncode == 0, result.stderr
    network, made, following = result.stdout.splitlines()
    assert network == f"{folder}/run: the last checkpoint"
    assert made.endswith("1 scale(s), bfloat16")
    assert following.startswith(f"next: boxsup predict --saved_model={exported} ")

    expected = load_saved_model(
        export(
            load_segmenter(str(folder / "run")),
            f"{folder}/expected",
            flip=True,
            precision="bfloat16",
            crf_parameters=PARAMETER_SETS["deeplab_voc"],
        )
    )
    image = np.random.default_rng(1).integers(0, 256, (1, 40, 50, 3), np.uint8)
    loaded = load_saved_model(exported)
    np.testing.assert_array_equal(loaded.predict(image)[1], expected.predict(image)[1])
    with pytest.raises(InputError, match="expected at most 2 megapixels in a request"):
        loaded.predict(np.zeros((1, 1, 2_000_001, 3), np.uint8))


@pytest.mark.parametrize(
    ("script", "flags", "message"),
    [
        ("export.py", ["--crf_parameters=a"], "--crf_parameters has no effect without --crf"),
        (
            "export.py",
            ["--format=onnx", "--max_megapixels=5"],
            "--max_megapixels is for --format=saved_model: it has no effect with --format=onnx",
        ),
        ("predict.py", ["--crf_parameters=a"], "--crf_parameters has no effect without --crf"),
    ],
)
def test_a_flag_without_effect_is_refused(folder, script, flags, message):
    needed = {
        "export.py": [f"--model_dir={folder}/run"],
        "predict.py": [f"--saved_model={folder}/run", f"--images={folder}/images/*.jpg"],
    }
    result = run_script(script, *needed[script], f"--output_dir={folder}/refused", *flags)
    assert result.returncode == 1 and result.stderr.splitlines()[-1] == f"error: {message}"
    assert not (folder / "refused").exists()


def test_export_then_evaluate_then_predict(folder):
    run, exported, data = (f"{folder}/{name}" for name in ("run", "export", "records"))
    result = run_script("export.py", f"--model_dir={run}", f"--output_dir={exported}")
    assert result.returncode == 0, result.stderr
    assert (
        result.stdout.splitlines()[-2]
        == f"{exported}/1: {len(SHAPE_CLASSES)} classes, 1 scale(s), float32"
    )

    metrics = []
    for source in (f"--model_dir={run}", f"--saved_model={exported}"):
        out = folder / f"eval{len(metrics)}"
        result = run_script("evaluate.py", source, f"--data={data}", f"--output_dir={out}")
        assert result.returncode == 0, result.stderr
        metrics.append(json.loads((out / "metrics.json").read_text()))
        table = [
            line.rsplit(maxsplit=1)
            for line in result.stdout.splitlines()[1 : len(SHAPE_CLASSES) + 2]
        ]
        assert [name for name, _ in table] == [*SHAPE_CLASSES, "mean IoU"]
        assert table[-1][1] == f"{100 * metrics[-1]['mean_iou']:.2f}"
    assert metrics[0] == metrics[1]
    assert metrics[0]["num_images"] == 2

    images = f"--images={folder}/images/*.jpg"
    result = run_script(
        "predict.py", f"--saved_model={exported}", images, f"--output_dir={folder}/out"
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "error: 1 of 2 images could not be predicted" in result.stderr
    assert "images/bad.jpg" in result.stderr
    assert os.listdir(folder / "out" / "masks") == ["good.png"]
