"""Annotation files as they occur: every case of ../shared/cases, and what a user gets of it."""

import pathlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import importers
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import Example
from boxsup_tf.records.records import decode_example
from boxsup_tf.records.shards import read_records
from tests.in_process import run_script


class _Right(NamedTuple):
    """What is right: images, boxes, masks of the records, and what the console says beside it."""

    images: int = 1
    boxes: int = 1
    masks: int = 0
    said: str = ""
    flags: tuple[str, ...] = ()
    check: Callable[[Sequence[Example]], bool] = lambda examples: True


def _box(*box: float) -> Callable[[Sequence[Example]], bool]:
    return lambda examples: np.allclose(examples[0].boxes[0], box)


def _mask_of(label: int) -> Callable[[Sequence[Example]], bool]:
    return lambda examples: set(np.unique(examples[0].mask)) == {0, label, 255}


def _names(*names: str) -> Callable[[Sequence[Example]], bool]:
    return lambda examples: [example.source_id for example in examples] == list(names)


def _on_the_object(examples: Sequence[Example]) -> bool:
    """The box is where the object is in the upright image, which is brightest at its top left."""
    image = cv2.imdecode(np.frombuffer(examples[0].encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    return image[0, 0] > image[-1, -1] + 50 and _box(24, 32, 36, 48)(examples)


_SIZE, _LEFT = "annotation without the image's size", "images left out"
_EMPTY = "box is empty, inverted"
_CLASSES = ("--classes=cat",)
_RIGHT = {
    "02_voc_size0": _Right(said=_SIZE),
    "03_voc_nosize": _Right(said=_SIZE),
    "04_voc_exif6": _Right(check=lambda e: (e[0].height, e[0].width) == (64, 48)),
    "04b_voc_exif3": _Right(said="turned by EXIF", check=_on_the_object),
    "04d_coco_exif3": _Right(masks=1, said="turned by EXIF", check=_on_the_object),
    "10b_voc_unknownenc": _Right(),
    "13b_voc_space_two": _Right(2, 2, check=_names("photo 1", "photo 2")),
    "13c_voc_space_wrong": _Right(check=_names("cat (1)")),
    "16_voc_out1": _Right(said="box reaches out of its image", check=_box(7, 9, 48, 64)),
    "17_voc_inverted": _Right(boxes=0, said=_EMPTY),
    "17c_voc_zero_equal": _Right(boxes=1, said=_EMPTY),
    "18b_voc_unknownclass_classes": _Right(boxes=2, flags=_CLASSES),
    "22b_voc_rgbmask": _Right(masks=1, check=_mask_of(8)),
    "23_voc_rgba": _Right(masks=1, check=_mask_of(8)),
    "23b_voc_la": _Right(masks=1, check=_mask_of(8)),
    "24_voc_binary255": _Right(
        masks=1, said="mask without a pixel of a class", flags=("--class_names=cat",)
    ),
    "27b_voc_maskjpg": _Right(said="files belong to no image, the first a.jpg"),
    "27c_voc_masksuffix": _Right(said="files belong to no image, the first a_mask.png"),
    "28_voc_aug": _Right(2, 2, 2, flags=("--split=trainaug", "--mask_dir=SegmentationClassAug")),
    "31_voc_nolist": _Right(),
    "37_voc_robndbox": _Right(said="rotated box"),
    "40_img_gif_as_jpg": _Right(said=_LEFT, check=_names("b")),
    "40b_img_webp_as_jpg": _Right(said=_LEFT, check=_names("b")),
    "40c_img_bmp_as_jpg": _Right(said=_LEFT, check=_names("b")),
    "40e_img_bmp": _Right(said="stored as 8-bit PNG"),
    "41_img_truncated": _Right(said=_LEFT, check=_names("b")),
    "41c_img_notfound": _Right(said=_LEFT, check=_names("b")),
    "43b_voc_nfd": _Right(),
    "46_voc_objects_wrapped": _Right(),
    "51_coco_rf_samename": _Right(masks=1, said="several categories are named 'cat'"),
    "51b_coco_rf_samename_classes": _Right(masks=1, flags=_CLASSES),
    "53_coco_background": _Right(masks=1, said="'background' and its annotations are left out"),
    "53b_coco_background_classes": _Right(masks=1, flags=_CLASSES),
    "55_coco_nofile": _Right(masks=1, said=_LEFT, check=_names("a")),
    "56_coco_stringids": _Right(masks=1),
    "56b_coco_stringcat": _Right(masks=1),
    "57_coco_floats": _Right(masks=1),
    "57b_coco_floatids": _Right(masks=1),
    "58_coco_nosize": _Right(masks=1, said=_SIZE),
    "58b_coco_nullsize": _Right(masks=1, said=_SIZE),
    "59_coco_dupannid": _Right(2, 2, 2),
    "60_coco_noannid": _Right(masks=1),
    "63b_coco_onlytwopoints": _Right(masks=1, said="object of at most a pixel"),
    "64_coco_flat": _Right(masks=1),
    "66_coco_boxseg": _Right(said="outline encloses nothing"),
    "68b_coco_neg2": _Right(masks=1, said="box reaches out of", check=_box(8, 0, 30, 28)),
    "81b_coco_manycats_classes": _Right(masks=1, flags=_CLASSES),
    "84b_coco_rflayout": _Right(masks=1),
    "90_coco_crowdstring": _Right(masks=1, check=lambda e: not e[0].is_crowd.any()),
    "96_coco_voc_sofa_names": _Right(
        masks=1, said="count as background: 'tv/monitor'", flags=("--class_set=voc",)
    ),
    "M2_sbd_mat": _Right(boxes=0, masks=1),
}
_REFUSED = {
    "15_voc_listext": "'a.jpg' is no id: expected ids without folder and ending",
    "15b_voc_listpairs": "is no id: expected ids without folder and ending",
    "18_voc_unknownclass": "unknown class 'hat': .*--class_names=hat.*--classes=",
    "42_img_52mp": "expected at most 50 megapixels .see --max_megapixels",
    "48_coco_missing_json": "instances_train.json: not found, nor",
    "M1_unknown_layouts": "instances_train.json: not found, nor",
}


@pytest.fixture
def cases(shared_data: pathlib.Path) -> pathlib.Path:
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases in {folder}")
    return folder


def _prepare(case: pathlib.Path, output_dir: pathlib.Path, flags: Sequence[str] = ()):
    if (case / "kit").is_dir():
        usual = ["--dataset=voc", f"--data_dir={case / 'kit'}"]
    else:
        folder = case / ("yolo" if case.name.startswith("M1") else "set")
        usual = ["--dataset=coco", f"--data_dir={folder}", "--class_set=file"]
    usual += ["--split=train", "--num_shards=1", f"--output_dir={output_dir}"]
    return run_script("prepare_data.py", *usual, *flags)


@pytest.mark.parametrize("name", _RIGHT)
def test_what_is_right(cases, tmp_path, name):
    right = _RIGHT[name]
    result = _prepare(cases / name, tmp_path / "out", right.flags)
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    info = DatasetInfo.load(str(tmp_path / "out"))
    found = (info.num_images, info.num_boxes, info.num_images_with_masks)
    assert found == (right.images, right.boxes, right.masks)
    warned = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    assert right.said in "\n".join(warned) and (right.said or not warned or right.flags), warned
    examples = [decode_example(record) for record in read_records(str(tmp_path / "out"))]
    assert right.check(examples)


@pytest.mark.parametrize("name", _REFUSED)
def test_what_is_refused(cases, tmp_path, name):
    result = _prepare(cases / name, tmp_path / "out")
    assert result.returncode == 1
    assert re.search(_REFUSED[name], result.stderr.splitlines()[-1]), result.stderr


def test_a_large_image_and_a_yolo_folder(cases, tmp_path):
    case = cases / "42_img_52mp"
    result = _prepare(case, tmp_path / "small", ["--max_side=100"])
    assert result.returncode == 0, result.stderr
    (record,) = read_records(str(tmp_path / "small"))
    assert decode_example(record).width == 100
    folder = cases / "M1_unknown_layouts" / "yolo"
    flags = ["--dataset=yolo", f"--data_dir={folder}", f"--output_dir={tmp_path / 'yolo'}"]
    assert run_script("prepare_data.py", *flags).returncode == 0
    assert DatasetInfo.load(str(tmp_path / "yolo")).class_names == ("background", "cat")


def _read(case: pathlib.Path, file_format: str, name: str, **more) -> CandidatePool:
    place = {"coco_rle": "cand.json", "label_png": "png", "mcg_mat": "mat"}[file_format]
    inputs = ProposalInput(np.zeros((48, 64, 3), np.uint8), filename=name, **more)
    return importers.read(file_format, str(case / place), inputs)


@pytest.mark.parametrize(
    ("case", "file_format", "name", "number"),
    [
        ("A12_rle_nested4", "coco_rle", "a.jpg", 2),
        ("A1_rle_folder", "coco_rle", "a.jpg", 1),
        ("A4c_png_RGBA", "label_png", "a.jpg", 2),
        ("A4e_png_upper", "label_png", "a.jpg", 2),
        ("A4g_png_int32_tif", "label_png", "a.jpg", 2),
        ("A5b_mat_struct", "mcg_mat", "a.jpg", 3),
        ("A5c_mat_masks", "mcg_mat", "a.jpg", 2),
        ("A8b_rle_coco2017", "coco_rle", "000000000042.jpg", 1),
    ],
)
def test_candidates(cases, case, file_format, name, number):
    assert _read(cases / case, file_format, name).num_candidates == number


def test_candidates_that_may_be_of_another_image_are_refused(cases):
    with pytest.raises(ValueError, match="image_id 1 may be 1.jpg or an image that the data set"):
        _read(cases / "A2b_rle_ownids", "coco_rle", "1.jpg")
    with pytest.raises(ValueError, match=r"s1/a.png: not found"):
        _read(cases / "A3b_png_vocsub_flat", "label_png", "s1/a.jpg", shares_name=True)
