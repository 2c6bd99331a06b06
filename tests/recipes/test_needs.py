"""recipes.needs: wrong data is told in one line each, before any work."""

import pathlib
import shutil

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.recipes.needs import problems
from tests.in_process import run_script

_VOC12 = "VOCdevkit/VOC2012"


def _touch(root: pathlib.Path, *names: str, text: str = "") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def data(tmp_path) -> pathlib.Path:
    """The files that are looked for, without their contents."""
    root = tmp_path / "data"
    for split, image in (("train", "2007_000001"), ("val", "2008_000002"), ("test", "2008_000003")):
        _touch(root, f"{_VOC12}/ImageSets/Segmentation/{split}.txt", text=f"{image}\n")
        _touch(root, f"{_VOC12}/JPEGImages/{image}.jpg")
        if split != "test":
            _touch(root, f"{_VOC12}/Annotations/{image}.xml")
            _touch(root, f"{_VOC12}/SegmentationClass/{image}.png")
    for split in ("train", "val"):
        _touch(root, f"benchmark_RELEASE/dataset/{split}.txt")
    for part in ("cls", "inst"):
        (root / "benchmark_RELEASE/dataset" / part).mkdir()
    return root


def test_nothing_is_wrong_with_whole_data(data):
    assert problems(str(data), ["voc2012", "voc2012_test", "sbd"]) == []


def test_sbd_is_missing(data):
    shutil.rmtree(data / "benchmark_RELEASE")
    (line,) = problems(str(data), ["voc2012", "sbd"])
    assert line.endswith("dataset: no such folder: expected SBD's benchmark_RELEASE")


def test_a_part_of_sbd_is_missing(data):
    (data / "benchmark_RELEASE/dataset/inst").rmdir()
    (line,) = problems(str(data), ["sbd"])
    assert line.endswith("dataset/inst: not found: expected SBD's benchmark_RELEASE")


def test_coco_has_no_json(data):
    for split in ("train2014", "val2014"):
        (data / "coco" / split).mkdir(parents=True)
    _touch(data, "coco/annotations/instances_train2014.json")
    (line,) = problems(str(data), ["coco2014"])
    assert "annotations/instances_val2014.json: not found" in line


def test_context_has_no_lists(data):
    (data / "VOCdevkit/VOC2010/JPEGImages").mkdir(parents=True)
    _touch(data, "pascal-context/labels.txt")
    found = problems(str(data), ["context"])
    assert len(found) == 2 and "pascal-context/train.txt" in found[0]
    for split in ("train", "val"):
        _touch(data, f"pascal-context/{split}.txt", text="2008_000001\n")
    (line,) = problems(str(data), ["context"])
    assert "1 images of the validation list are in the training list" in line


def test_another_year_is_there(data):
    (data / "VOCdevkit/VOC2012").rename(data / "VOCdevkit/VOC2007")
    (line,) = problems(str(data), ["voc2012"])
    assert "VOC2012: no such folder (there is VOC2007): expected VOC2012" in line


def test_another_year_under_the_name(data):
    _touch(data, f"{_VOC12}/ImageSets/Segmentation/train.txt", text="000012\n")
    (line,) = problems(str(data), ["voc2012"])
    assert "train.txt: image '000012' is none of VOC2012" in line


def test_validation_images_in_the_training_list(data):
    text = "2007_000001\n2008_000002\n"
    _touch(data, f"{_VOC12}/ImageSets/Segmentation/train.txt", text=text)
    (line,) = problems(str(data), ["voc2012"])
    assert "1 images of the validation list are in the training list, '2008_000002' first" in line


def test_files_of_the_first_image_are_missing(data):
    (data / _VOC12 / "SegmentationClass/2008_000002.png").unlink()
    (line,) = problems(str(data), ["voc2012"])
    assert "SegmentationClass/2008_000002.png: not found" in line


def test_an_unknown_name():
    with pytest.raises(InputError, match="data 'voc2013': expected some of voc2012"):
        problems("", ["voc2013"])


def test_the_program_says_all_and_makes_nothing(data, tmp_path):
    shutil.rmtree(data / "benchmark_RELEASE")
    output = tmp_path / "out"
    done = run_script(
        "reproduce", "--recipe=table1/*", f"--data_root={data}", f"--output_root={output}"
    )
    assert done.returncode == 1 and not done.stdout and not output.exists()
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and all(line.startswith("error: ") for line in lines)
    assert "SBD" in lines[0] and "COCO 2014" in lines[1]
