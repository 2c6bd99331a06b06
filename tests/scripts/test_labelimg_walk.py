"""The road of somebody with photographs and LabelImg: from one flat folder to a served model.

Every command is the one that the program before it names as the next, with fewer steps.
"""

import json
import os
import pathlib
import re
import shlex
import signal

import numpy as np
import pytest
from PIL import Image

from tests.conftest import REPOSITORY
from tests.forked import Forked
from tests.in_process import run_script

_QUICK = "--init=random --width_multiplier=0.05 --epochs=1 --batch_size=4 --crop_size=65"
_NUM_IMAGES = 20


@pytest.fixture(scope="module")
def folder(shared_data, tmp_path_factory) -> pathlib.Path:
    """A folder `photos` of JPEGs with the XML files that LabelImg writes beside them."""
    pytest.importorskip("kserve", reason="kserve is not installed")
    source = shared_data / "coco_subset" / "VOC2012"
    folder = tmp_path_factory.mktemp("walk")
    (folder / "photos").mkdir()
    for name in sorted(os.listdir(source / "Annotations"))[:_NUM_IMAGES]:
        image = pathlib.Path(name).with_suffix(".jpg")
        (folder / "photos" / name).symlink_to(source / "Annotations" / name)
        (folder / "photos" / image).symlink_to(source / "JPEGImages" / image)
    return folder


def _give(command: str) -> str:
    """Gives a command; returns what the program prints."""
    program, *flags = shlex.split(command)
    done = run_script(f"{program}.py", *flags)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _next(printed: str) -> str:
    """The command that a program names at its end."""
    (command,) = re.findall(r"^next: boxsup (.*)$", printed, re.MULTILINE)
    return command


def test_from_a_flat_folder_to_a_served_model(folder, monkeypatch):
    monkeypatch.chdir(folder)
    prepare = "prepare_data --dataset=voc --data_dir=photos --max_side=97"
    val = _give(f"{prepare} --split=val --output_dir=records/val")
    proposals = _next(_give(f"{prepare} --output_dir=records/train"))
    counts = [int(re.search(r"(\d+) images, ", val)[1])]
    counts.append(json.loads(pathlib.Path("records/train/dataset.json").read_text())["num_images"])
    assert sum(counts) == _NUM_IMAGES and min(counts) > 0
    assert proposals.startswith("generate_proposals ")
    train = _next(_give(f"{proposals} --method=grabcut"))
    assert train.startswith("train ") and ":box" in train
    printed = _give(f"{train} {_QUICK}")
    assert "epoch 1/1: loss " in printed
    export = _next(printed)  # not to be judged: the photographs have no masks
    predict = _next(_give(export))
    serve = _next(_give(predict))
    masks = sorted(path.stem for path in (folder / "predictions" / "masks").iterdir())
    assert masks == sorted(path.stem for path in (folder / "photos").glob("*.jpg"))
    _serve_and_ask(folder, serve, masks[0])


def _serve_and_ask(folder: pathlib.Path, serve: str, name: str) -> None:
    """A served mask is the one that predict wrote."""
    script = str(REPOSITORY / "scripts" / "serve.py")
    server = Forked([script, *shlex.split(serve)[1:], "--http_port=0"], folder=folder)
    try:
        said = server.read_until(r"http://127\.0\.0\.1:\d+\D")
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+", said)
        photo = folder / "photos" / f"{name}.jpg"
        _give(f"serve_client --url={url} --images={photo} --output_dir=served")
    finally:
        server.send(signal.SIGTERM)
        server.communicate()
    served = np.array(Image.open(folder / "served" / f"{name}.png"))
    predicted = np.array(Image.open(folder / "predictions" / "masks" / f"{name}.png"))
    assert served.shape == predicted.shape and (served == predicted).mean() > 0.999
