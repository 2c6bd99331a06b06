"""scripts/evaluate.py with every flag, as a user runs it."""

import json
import os

from tests.conftest import needs_crf
from tests.in_process import run_script
from tests.scripts.small_run import write_run, write_shapes

NAMES = ("background", "cat", "dog", "cow", "sheep")


@needs_crf
def test_all_flags(tmp_path):
    write_run(tmp_path / "run", NAMES)
    settings = {"dataset": "voc", "split": "val", "year": "VOC2012", "num_images": 3}
    write_shapes(tmp_path / "records", settings, NAMES, 3)
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
    result = run_script("evaluate.py", *(f"--{name}={value}" for name, value in flags.items()))
    assert result.returncode == 0, result.stderr
    out = tmp_path / "out"
    mean_ious = [
        json.loads((out / name).read_text())["mean_iou"]
        for name in ("metrics.json", "crf/metrics.json")
    ]
    table = {line[:22].strip(): line[22:].split() for line in result.stdout.splitlines()}
    assert table["mean IoU"] == [f"{100 * value:.2f}" for value in mean_ious]
    assert table.keys() >= {*NAMES, "pixel accuracy", "mean accuracy", "frequency weighted IoU"}
    assert json.loads((out / "trimap.json").read_text())["widths"] == [1, 2.5]
    assert sorted(os.listdir(out)) == [
        "confusion.json",
        "confusion.png",
        "crf",
        "evaluation.json",
        "metrics.json",
        "mine.tar.gz",
        "per_image.json",
        "predictions",
        "seconds.json",
        "trimap.json",
        "trimap.png",
        "worst.jpg",
    ]
    own, refined = (
        json.loads((folder / "evaluation.json").read_text()) for folder in (out, out / "crf")
    )
    assert (own["scales"], own["flip"]) == ([0.8, 1.0], True)
    assert refined.pop("crf")["theta_alpha"] == 49 and refined == own
    assert {"mine.tar.gz", "metrics.json", "predictions"} < set(os.listdir(out / "crf"))


def test_flags_without_effect_are_refused(tmp_path):
    arguments = ["--model_dir=run", "--data=records", f"--output_dir={tmp_path}/out"]
    result = run_script("evaluate.py", *arguments, "--num_workers=2")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "error: --num_workers has no effect without --crf"
