"""scripts/evaluate.py with every flag, as a user runs it."""

import json
import os
import pathlib
import subprocess
import sys

import tensorflow as tf

from boxsup_tf.data import records
from boxsup_tf.data.dataset_info import DatasetInfo, write_json
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.writer import write_dataset
from boxsup_tf.models.networks import build_network

_ROOT = pathlib.Path(__file__).parents[2]
NAMES = ("background", "cat", "dog", "cow", "sheep")


def run_script(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(_ROOT / "scripts" / "evaluate.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


def test_all_flags(tmp_path):
    (tmp_path / "run").mkdir()
    model = build_network("largefov", len(NAMES), width_multiplier=0.05, seed=1)
    tf.train.Checkpoint(model=model).save(str(tmp_path / "run" / "ckpt"))
    config = {"class_names": NAMES, "width_multiplier": 0.05}
    write_json(str(tmp_path / "run" / "config.json"), config)
    reader = ShapesReader(3, seed=1, image_size=64)
    write_dataset(
        str(tmp_path / "records"),
        DatasetInfo(
            {"dataset": "voc", "split": "val", "year": "VOC2012", "num_images": 3},
            NAMES,
            num_shards=1,
        ),
        len(reader),
        lambda indices: [records.encode_example(reader[i], NAMES) for i in indices],
        "write",
    )
    flags = {
        "model_dir": tmp_path / "run",
        "data": tmp_path / "records",
        "output_dir": tmp_path / "out",
        "scales": "0.8,1.0",
        "flip": "true",
        "crf": "true",
        "crf_parameters": "deeplab_voc",
        "num_workers": 2,
        "batch_size": 2,
        "trimap_widths": "1,2.5",
        "voc_server": "mine",
    }
    result = run_script(*(f"--{name}={value}" for name, value in flags.items()))
    assert result.returncode == 0, result.stderr
    out = tmp_path / "out"
    metrics = json.loads((out / "metrics.json").read_text())
    table = {line[:22].strip(): line[22:].split() for line in result.stdout.splitlines()}
    assert table["mean IoU"] == [
        f"{100 * value:.2f}" for value in (metrics["mean_iou"], metrics["crf"]["mean_iou"])
    ]
    assert table.keys() >= {*NAMES, "pixel accuracy", "mean accuracy", "frequency weighted IoU"}
    assert json.loads((out / "trimap.json").read_text())["widths"] == [1, 2.5]
    assert sorted(os.listdir(out)) == [
        "confusion.json",
        "confusion.png",
        "evaluation.json",
        "metrics.json",
        "mine.tar.gz",
        "mine_crf.tar.gz",
        "per_image.json",
        "predictions",
        "predictions_crf",
        "seconds.json",
        "trimap.json",
        "trimap.png",
        "worst.jpg",
    ]
    settings = json.loads((out / "evaluation.json").read_text())
    assert (settings["scales"], settings["flip"]) == ([0.8, 1.0], True)
    assert settings["crf"]["theta_alpha"] == 49


def test_flags_without_effect_are_refused(tmp_path):
    arguments = ["--model_dir=run", "--data=records", f"--output_dir={tmp_path}/out"]
    result = run_script(*arguments, "--num_workers=2")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "error: --num_workers has no effect without --crf"
