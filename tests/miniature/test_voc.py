"""miniature.voc: the layouts of VOC 2012 and 2007, read without the package's readers."""

import pathlib
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.labels import VOC_CLASSES, color_map
from boxsup_tf.miniature.scene import draw_scene
from boxsup_tf.miniature.voc import write_voc

_SIZE, _SEED = 80, 2


@pytest.fixture(scope="module")
def devkit(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("voc")
    write_voc(str(path), 5, 4, 3, 2, image_size=_SIZE, seed=_SEED)
    return path / "VOCdevkit"


def _list(devkit: pathlib.Path, name: str) -> list[str]:
    year, kind, split = name.split("/")
    return (devkit / year / "ImageSets" / kind / f"{split}.txt").read_text().split()


def test_lists_and_what_is_there_of_their_images(devkit):
    for year, first, is_2012 in (("VOC2012", "2008_000001", True), ("VOC2007", "000001", False)):
        folder = devkit / year
        stems = {
            name: {path.stem for path in (folder / name).glob("*")}
            for name in ("JPEGImages", "Annotations", "SegmentationClass", "SegmentationObject")
        }
        lists = {
            f"{kind}/{split}": set(_list(devkit, f"{year}/{kind}/{split}"))
            for kind in ("Segmentation", "Main")
            for split in ("train", "val", "trainval", "test")
        }
        assert {name: len(ids) for name, ids in lists.items()} == {
            "Segmentation/train": 5,
            "Segmentation/val": 4,
            "Segmentation/trainval": 9,
            "Segmentation/test": 2,
            "Main/train": 7,
            "Main/val": 5,
            "Main/trainval": 12,
            "Main/test": 2,
        }
        assert first in lists["Segmentation/train"] and len(stems["JPEGImages"]) == 14
        for split in ("train", "val", "trainval", "test"):
            assert lists[f"Segmentation/{split}"] <= lists[f"Main/{split}"]
        assert not lists["Main/train"] & lists["Main/val"]
        assert not lists["Main/trainval"] & lists["Main/test"]
        with_boxes = lists["Main/trainval"] | (set() if is_2012 else lists["Main/test"])
        assert stems["Annotations"] == with_boxes
        with_mask = lists["Segmentation/trainval"] if is_2012 else set()
        assert stems["SegmentationClass"] == stems["SegmentationObject"] == with_mask


def test_masks_and_boxes_are_of_the_same_objects(devkit):
    names_seen = set()
    for name in _list(devkit, "VOC2012/Segmentation/trainval"):
        folder = devkit / "VOC2012"
        classes, objects = (
            Image.open(folder / f"Segmentation{kind}" / f"{name}.png")
            for kind in ("Class", "Object")
        )
        assert classes.mode == objects.mode == "P"
        assert classes.getpalette()[: 3 * 21] == color_map()[:21].ravel().tolist()
        classes, objects = np.array(classes), np.array(objects)
        assert ((classes == 255) == (objects == 255)).all() and (classes == 255).any()
        root = ElementTree.parse(folder / "Annotations" / f"{name}.xml").getroot()
        height, width = (int(root.findtext(f"size/{side}")) for side in ("height", "width"))
        assert classes.shape == (height, width) and root.findtext("filename") == f"{name}.jpg"
        assert root.findtext("segmented") == "1" and root.findtext("size/depth") == "3"
        scene = draw_scene(_SEED, name, _SIZE)
        is_sure = objects < 255
        np.testing.assert_array_equal(objects[is_sure], scene.owner[is_sure])
        assert is_sure.mean() > 0.6
        found = root.findall("object")
        assert len(found) == objects[objects < 255].max()
        for place, item in enumerate(found, start=1):
            tags = ("xmin", "ymin", "xmax", "ymax")
            xmin, ymin, xmax, ymax = (int(item.findtext(f"bndbox/{tag}")) for tag in tags)
            assert 1 <= xmin <= xmax <= width and 1 <= ymin <= ymax <= height
            rows, columns = np.nonzero(scene.owner == place)
            assert (ymin, ymax) == (1 + rows.min(), 1 + rows.max())  # counted from 1, inclusive
            assert (xmin, xmax) == (1 + columns.min(), 1 + columns.max())
            label = VOC_CLASSES.index(item.findtext("name"))
            assert np.unique(classes[objects == place]).tolist() == [label]
            names_seen.add(item.findtext("name"))
            is_small = rows.size < 0.02 * scene.owner.size
            assert item.findtext("difficult") == str(int(is_small))
        truncated = [item.findtext("truncated") == "1" for item in found]
        assert truncated == scene.truncated.tolist()
    assert len(names_seen) == 4


def test_the_reader_reads_all_of_it(devkit):
    for year, kind, split, options in (
        ("VOC2012", "Segmentation", "trainval", {}),
        ("VOC2012", "Main", "trainval", {}),
        ("VOC2012", "Segmentation", "test", {"annotations": "optional"}),
        ("VOC2007", "Main", "trainval", {}),
        ("VOC2007", "Main", "test", {}),
    ):
        reader = VocReader(str(devkit), split, year, image_set=kind, **options)
        assert len(list(reader)) == len(_list(devkit, f"{year}/{kind}/{split}"))
        assert all((example.boxes is None) == (options != {}) for example in reader)


def test_a_seed_gives_the_same_files(tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_voc(str(tmp_path / name), 2, 1, 1, 1, image_size=64, seed=seed)
    paths = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert len(paths) == 2 * (5 + 8) + (4 + 5) + 2 * 3  # images and lists, boxes, masks
    for path in paths:
        content = (tmp_path / "one" / path).read_bytes()
        assert (tmp_path / "same" / path).read_bytes() == content
        if path.suffix == ".jpg":
            assert (tmp_path / "other" / path).read_bytes() != content
