"""scripts/predict.py as a user runs it: a folder with good and bad images."""

import json
import pathlib
from importlib import util

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.shapes import SHAPE_CLASSES, ShapesReader
from boxsup_tf.inference.export import export
from tests.in_process import Completed, run_script
from tests.models.segmenters import make_segmenter

_ROOT = pathlib.Path(__file__).parents[2]


def predict(*arguments: str) -> Completed:
    return run_script("predict.py", *arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    """A SavedModel in export/, and photos/ with good and bad images."""
    folder = tmp_path_factory.mktemp("predict")
    export(make_segmenter(SHAPE_CLASSES, 0.05, seed=1), str(folder / "export"))
    photos = folder / "photos"
    (photos / "below").mkdir(parents=True)
    reader = ShapesReader(2, seed=1, image_size=64)
    (photos / "one.jpg").write_bytes(reader[0].encoded)
    (photos / "below" / "one.jpg").write_bytes(reader[1].encoded)
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "words.jpg").write_text("words")
    (photos / "cut.jpg").write_bytes(reader[0].encoded[:-30])
    Image.new("1", (10_000, 10_000)).save(photos / "bomb.png")
    frames = [Image.new("L", (8, 8), shade) for shade in (0, 255)]
    frames[0].save(photos / "move.gif", save_all=True, append_images=frames[1:])
    return folder


def test_good_images_are_done_and_bad_ones_named(folder):
    has_crf = util.find_spec("pydensecrf") is not None
    options = ["--crf", "--crf_parameters=deeplab_voc"] if has_crf else []
    out = folder / "photos" / "out"
    (out / "masks").mkdir(parents=True)
    Image.new("L", (8, 8)).save(out / "masks" / "earlier.png")  # is no photograph
    photos, exported = f"{folder}/photos", f"--saved_model={folder}/export"
    result = predict(
        exported, f"--images={photos}", f"--images={photos}/*.jpg", f"--output_dir={out}", *options
    )
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "error: 5 of 7 images could not be predicted (the others are done):" in result.stderr
    for name, reason in {
        "empty.jpg": "the file is empty (0 bytes)",
        "words.jpg": "not a JPEG or PNG image",
        "cut.jpg": "the image is damaged",
        "bomb.png": "the image has 10000 x 10000 pixels (height x width): expected at most 50",
        "move.gif": "not a JPEG or PNG image, but a GIF (begins with b'GIF",
    }.items():
        assert f"  {photos}/{name}: {reason}" in result.stderr

    content = json.loads((out / "predictions.json").read_text())
    assert (content["settings"]["crf"] or {}).get("w1") == (4 if has_crf else None)
    assert sorted(content["images"]) == ["below/one", "one"]
    for name, entry in content["images"].items():
        with Image.open(out / "masks" / f"{name}.png") as mask:
            labels = np.array(mask)
        assert (out / "overlays" / f"{name}.jpg").exists()
        areas = {SHAPE_CLASSES[n]: int((labels == n).sum()) for n in np.unique(labels)}
        assert {key: value["pixels"] for key, value in entry["classes"].items()} == areas
