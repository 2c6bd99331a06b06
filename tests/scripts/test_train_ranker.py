"""scripts/train_ranker.py as a user runs it."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.proposals.combinatorial.ranking import make_ranker

_ROOT = pathlib.Path(__file__).parents[2]


def _coco_folder(folder: pathlib.Path, num_images: int) -> str:
    """Generated images in COCO's layout; an object's polygon is its box."""
    (folder / "train").mkdir()
    images, annotations = [], []
    for number, example in enumerate(ShapesReader(num_images, seed=1, image_size=64)):
        (folder / "train" / example.filename).write_bytes(example.encoded)
        size = {"height": example.height, "width": example.width}
        images.append({"id": number, "file_name": example.filename, **size})
        for top, left, bottom, right in example.boxes.tolist():
            polygon = [left, top, right, top, right, bottom, left, bottom]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": [left, top, right - left, bottom - top],
                    "segmentation": [polygon],
                    "iscrowd": 0,
                }
            )
    path = folder / "instances_train.json"
    categories = [{"id": 1, "name": "shape"}]
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return str(path)


def _run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(_ROOT / "scripts" / "train_ranker.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)


def test_annotated_images_become_two_files_of_weights(tmp_path):
    annotations, out = _coco_folder(tmp_path, 2), tmp_path / "out"
    flags = [f"--data_dir={tmp_path}", "--edges=gradient", f"--output_dir={out}"]
    result = _run(*flags, f"--annotations={annotations}")
    assert result.returncode == 0, result.stderr
    expected = [f"{out}/ranker_mcg_gradient.npz", f"{out}/ranker_scg_gradient.npz"]
    assert result.stdout.splitlines() == expected
    for path in expected:
        with np.load(path) as arrays:
            ranker = make_ranker({name: arrays[name].astype(np.float32) for name in arrays})
        assert np.isfinite(ranker.estimate(ranker.mean[None])).all()
