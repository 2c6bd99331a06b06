"""The README's commands, as written there, on real photographs."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from boxsup_tf.records.dataset_info import DatasetInfo

REPOSITORY = pathlib.Path(__file__).parents[2]
# What makes the training a handful of steps; everything else is as the README has it.
QUICK = "--init=random --width_multiplier=0.05 --epochs=1 --batch_size=4 --crop_size=129"
NUM_TRAIN, NUM_VAL = 6, 3


def readme_commands() -> list[str]:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    (block,) = [block for block in blocks if "prepare_data" in block]
    return block.strip().splitlines()


def run(command: str, folder: pathlib.Path) -> str:
    words = shlex.split(command)
    assert words[0] == "python"
    script = str(REPOSITORY / words[1])
    done = subprocess.run(
        [sys.executable, script, *words[2:]], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


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


@pytest.mark.parametrize(("subset", "form"), [("voc_subset", "voc"), ("coco_subset", "coco")])
def test_the_readme_on_real_photographs(subset, form, shared_data, tmp_path):
    (voc_links if form == "voc" else coco_links)(shared_data / subset, tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    images = shared_data / subset / "VOC2012" / "JPEGImages"
    names = sorted(os.listdir(images))[:2]
    for name in names:
        (photos / name).symlink_to(images / name)
    commands = readme_commands()
    scripts = [pathlib.Path(shlex.split(command)[1]).stem for command in commands]
    assert set(scripts) == {
        "prepare_data",
        "generate_proposals",
        "train",
        "evaluate",
        "export",
        "predict",
    }
    for script, command in zip(scripts, commands, strict=True):
        if script == "train":
            command += f" {QUICK}"
        if form == "coco":
            command = command.replace(
                "--dataset=voc --data_dir=VOCdevkit",
                "--dataset=coco --data_dir=coco --class_set=voc",
            )
        run(command, tmp_path)

    train = DatasetInfo.load(str(tmp_path / "records/train_union"))
    assert train.num_images == train.num_images_with_boxes == NUM_TRAIN
    assert train.num_candidates > 20 * NUM_TRAIN
    assert len(train.class_names) == 21
    metrics = json.loads((tmp_path / "runs/boxsup/evaluation/metrics.json").read_text())
    assert 0 < metrics["mean_iou"] < 1 and metrics["num_images"] == NUM_VAL
    stems = {pathlib.Path(name).stem for name in names}
    assert {p.stem for p in (tmp_path / "predictions/masks").iterdir()} == stems
    assert {p.stem for p in (tmp_path / "predictions/overlays").iterdir()} == stems
