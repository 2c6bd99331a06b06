"""The README's commands, as written there, on real photographs."""

import json
import os
import pathlib
import re
import shlex

import pytest

from boxsup_tf.records.dataset_info import DatasetInfo
from tests import forked
from tests.conftest import REPOSITORY
from tests.in_process import run_script

# What makes the training a handful of steps; everything else is as the README has it.
QUICK = "--init=random --width_multiplier=0.05 --epochs=1 --batch_size=4 --crop_size=129"
NUM_TRAIN, NUM_VAL = 4, 3


def readme_commands() -> list[str]:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    (block,) = [block for block in blocks if "prepare_data" in block]
    return block.strip().splitlines()


def run(command: str, folder: pathlib.Path, in_process: bool) -> None:
    python, script, *flags = shlex.split(command)
    assert python == "python"
    if in_process:
        done = run_script(pathlib.Path(script).name, *flags)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    else:
        forked.run([str(REPOSITORY / script), *flags], folder)


def voc_links(source: pathlib.Path, folder: pathlib.Path) -> None:
    """A VOCdevkit in `folder` that shows the first few images of a real one."""
    devkit = folder / "VOCdevkit" / "VOC2012"
    lists = devkit / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    for name in ("JPEGImages", "Annotations", "SegmentationClass"):
        (devkit / name).symlink_to(source / "VOC2012" / name)
    for split, number in (("train", NUM_TRAIN), ("val", NUM_VAL)):
        ids = (source / f"VOC2012/ImageSets/Segmentation/{split}.txt").read_text().split()
        (lists / f"{split}.txt").write_text("\n".join(ids[:number]) + "\n")


def coco_links(source: pathlib.Path, folder: pathlib.Path) -> None:
    """The same for COCO's layout: shortened JSON files and the images."""
    root = folder / "coco"
    (root / "annotations").mkdir(parents=True)
    (root / "images").symlink_to(source / "VOC2012" / "JPEGImages")
    for split, number in (("train", NUM_TRAIN), ("val", NUM_VAL)):
        content = json.loads((source / f"annotations/instances_{split}.json").read_text())
        content["images"] = content["images"][:number]
        kept = {image["id"] for image in content["images"]}
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] in kept]
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))


class Walk:
    """A folder in which the README's commands are given, one after the other."""

    def __init__(self, form: str, shared_data: pathlib.Path, folder: pathlib.Path) -> None:
        self.form, self.folder = form, folder
        subset = shared_data / f"{form}_subset"
        (voc_links if form == "voc" else coco_links)(subset, folder)
        photos, images = folder / "photos", subset / "VOC2012" / "JPEGImages"
        photos.mkdir()
        self.names = sorted(os.listdir(images))[:2]
        for name in self.names:
            (photos / name).symlink_to(images / name)

    def give(self, command: str) -> None:
        if "train.py" in command:
            command += f" {QUICK}"
        if self.form == "coco":
            command = command.replace(
                "--dataset=voc --data_dir=VOCdevkit",
                "--dataset=coco --data_dir=coco --class_set=voc",
            )
        # A program each for VOC; COCO, whose reader alone is new, without their imports.
        run(command, self.folder, in_process=self.form == "coco")


@pytest.fixture(scope="module", params=["voc", "coco"])
def walk(request, shared_data, tmp_path_factory) -> Walk:
    return Walk(request.param, shared_data, tmp_path_factory.mktemp(request.param))


def test_the_commands_are_those_of_the_whole_road():
    scripts = [pathlib.Path(shlex.split(command)[1]).stem for command in readme_commands()]
    road = ["generate_proposals", "train", "evaluate", "export", "predict"]
    assert scripts == ["prepare_data", "prepare_data", *road]


@pytest.mark.parametrize("number", range(len(readme_commands())))
def test_each_command_works(walk, number, monkeypatch):
    """In their order, each upon what those before it have made."""
    monkeypatch.chdir(walk.folder)
    walk.give(readme_commands()[number])


def test_what_the_commands_leave(walk):
    train = DatasetInfo.load(str(walk.folder / "records/train_union"))
    assert train.num_images == train.num_images_with_boxes == NUM_TRAIN
    assert train.num_candidates > 20 * NUM_TRAIN
    assert len(train.class_names) == 21
    metrics = json.loads((walk.folder / "runs/boxsup/evaluation/metrics.json").read_text())
    assert 0 < metrics["mean_iou"] < 1 and metrics["num_images"] == NUM_VAL
    stems = {pathlib.Path(name).stem for name in walk.names}
    for kind in ("masks", "overlays"):
        found = {path.stem for path in (walk.folder / "predictions" / kind).iterdir()}
        assert found == stems
