"""scripts/prepare_data.py as a user runs it."""

import os
import pathlib
import subprocess
import sys

_ROOT = pathlib.Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(_ROOT / "scripts" / "prepare_data.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


def test_shapes(tmp_path):
    flags = ["--dataset=shapes", "--num_images=3", "--image_size=96", "--num_shards=2"]
    result = _run(*flags, f"--output_dir={tmp_path}")
    assert result.returncode == 0, result.stderr
    assert ": 3 images, " in result.stdout.splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "data-00000-of-00002.tfrecord",
        "data-00001-of-00002.tfrecord",
        "dataset.json",
    ]


def test_bad_input_is_one_line(tmp_path):
    flags = ["--dataset=voc", f"--data_dir={tmp_path}", "--classes=a,b"]
    result = _run(*flags, f"--output_dir={tmp_path / 'out'}")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert "train.txt: no such list of images" in result.stderr
