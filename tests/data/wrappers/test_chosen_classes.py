"""data.wrappers.chosen_classes: what is kept of a data set, ignored, and left out."""

import collections
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from boxsup_tf.data import prepare
from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.data.wrappers.chosen_classes import ChosenClasses
from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.records import records
from tests.data.tiny import HEIGHT, WIDTH, voc_object, voc_xml

_CAT, _DOG, _SOFA = (VOC_CLASSES.index(name) for name in ("cat", "dog", "sofa"))
_ANIMALS_AND_PEOPLE = ["cat", "dog", "horse", "cow", "sheep", "person"]


def _mask(*labels: int) -> np.ndarray:
    """uint8 [H, W]: background, then a row of each label."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for row, label in enumerate(labels, start=1):
        mask[row] = label
    return mask


def _fill(voc) -> VocReader:
    voc.add("both", voc_xml(voc_object("cat") + voc_object("sofa")), _mask(_CAT, _SOFA, 255))
    voc.add("sofa", voc_xml(voc_object("sofa")), _mask(_SOFA))
    voc.add("mask_says_dog", voc_xml(voc_object("sofa")), _mask(_DOG))
    voc.add("boxes_only", voc_xml(voc_object("dog")))
    voc.add("mask_only", mask=_mask(_SOFA, _CAT))
    voc.add("mask_of_sofa", mask=_mask(_SOFA, 255))
    voc.add("nothing", voc_xml(), _mask())
    return VocReader(voc.data_dir, "train")


def test_chosen_ignored_and_left_out(voc):
    reader = ChosenClasses(_fill(voc), ["dog", "cat"])
    assert reader.class_names == ("background", "dog", "cat")
    both, mask_says_dog, boxes_only, mask_only = reader
    assert [e.source_id for e in (both, mask_says_dog)] == ["both", "mask_says_dog"]
    assert [e.source_id for e in (boxes_only, mask_only)] == ["boxes_only", "mask_only"]
    assert (len(reader), reader.settings["num_left_out"]) == (4, 3)
    assert both.labels.tolist() == [2, 0] and both.is_crowd.tolist() == [False, True]
    assert both.boxes.shape == (2, 4) and both.labels.dtype == np.int64
    np.testing.assert_array_equal(both.mask, _mask(2, 255, 255))
    assert mask_says_dog.labels.tolist() == [0] and mask_says_dog.is_crowd.tolist() == [True]
    np.testing.assert_array_equal(mask_says_dog.mask, _mask(1))
    assert boxes_only.mask is None and boxes_only.labels.tolist() == [1]
    assert mask_only.boxes is None
    np.testing.assert_array_equal(mask_only.mask, _mask(255, 2))


def test_other_names_and_shared_labels(voc):
    choice = ["sofa=seat", "cat = pet", "dog=pet", "chair=seat", "bus"]
    reader = ChosenClasses(_fill(voc), choice)
    assert reader.class_names == ("background", "seat", "pet", "bus")
    by_id = {example.source_id: example for example in reader}
    assert by_id.keys() == {e.source_id for e in VocReader(voc.data_dir, "train")} - {"nothing"}
    assert by_id["both"].labels.tolist() == [2, 1] and not by_id["both"].is_crowd.any()
    np.testing.assert_array_equal(by_id["mask_says_dog"].mask, _mask(2))
    np.testing.assert_array_equal(by_id["mask_only"].mask, _mask(1, 2))
    swapped = ChosenClasses(VocReader(voc.data_dir, "train"), ["cat=dog", "dog=cat"])
    assert swapped.class_names == ("background", "dog", "cat")
    assert swapped[0].labels.tolist() == [1, 0]


def test_a_choice_of_a_choice(voc):
    once = ChosenClasses(_fill(voc), ["dog", "cat"])
    twice = ChosenClasses(once, ["cat"])
    assert [example.source_id for example in twice] == ["both", "mask_only"]
    assert twice[0].labels.tolist() == [1, 0] and twice[0].is_crowd.tolist() == [False, True]
    np.testing.assert_array_equal(twice[0].mask, _mask(1, 255, 255))


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ([], "no classes: expected at least one"),
        (
            ["cat", "kat"],
            "'kat' is no class of the data set: expected some of aeroplane, .*monitor",
        ),
        (["background"], "'background' is no class of the data set"),
        (["cat", "dog", "cat"], "'cat' is given twice"),
        (["cat=dog", "cat=cow"], "'cat' is given twice"),
        (["cat="], "class ''"),
        (["cat=background"], "class 'background'"),
        (["=cat"], "'' is no class"),
        (["train", "bus=car"], "=train,bus=car: in none of the 7 images"),
    ],
)
def test_a_bad_choice(voc, choice, message):
    with pytest.raises(InputError, match=f"--classes.*{message}"):
        ChosenClasses(_fill(voc), choice)


def test_crowds_of_the_data_set_stay_crowds(coco):
    coco.annotate(18, [0, 0, 6, 6], iscrowd=1)
    coco.annotate(24, [4, 4, 10, 10], iscrowd=1)
    coco.annotate(18, [8, 8, 4, 4])
    (example,) = ChosenClasses(CocoReader(coco.save(), "train"), ["dog"])
    assert example.labels.tolist() == [1, 0, 1]
    assert example.is_crowd.tolist() == [True, True, False]


def test_records_call_other_boxes_ignored(voc):
    reader = ChosenClasses(_fill(voc), ["dog", "cat"])
    serialized = records.encode_example(reader[0], reader.class_names)
    features = tf.train.Example.FromString(serialized).features.feature
    assert list(features["image/object/class/text"].bytes_list.value) == [b"cat", b"ignored"]
    assert list(features["image/object/class/label"].int64_list.value) == [2, 0]
    assert list(features["image/object/is_crowd"].int64_list.value) == [0, 1]
    assert records.decode_example(serialized).labels.tolist() == [2, 0]


def test_a_missing_annotation_is_not_taken_for_an_empty_one(voc):
    voc.add("bare")
    reader = ChosenClasses(VocReader(voc.data_dir, "train"), ["cat"])
    with pytest.raises(InputError, match=r"bare.jpg: no annotation"):
        reader[0]


def test_the_choice_belongs_to_the_folder(voc, tmp_path):
    inner, out = _fill(voc), str(tmp_path / "out")
    info = prepare.prepare(ChosenClasses(inner, ["dog", "cat"]), out, 3)
    assert (info.num_images, info.num_boxes, info.num_ignored_boxes) == (4, 4, 2)
    assert (info.num_images_with_boxes, info.num_images_with_masks) == (3, 3)
    assert (info.settings["classes"], info.settings["num_left_out"]) == (["dog", "cat"], 3)
    for other in (["cat", "dog"], ["cat"], ["dog", "cat", "sofa=cat"], None):
        reader = ChosenClasses(inner, other) if other else inner
        with pytest.raises(InputError, match="holds a dataset with class"):
            prepare.prepare(reader, out, 3)


def test_an_interrupted_run_goes_on_behind_what_was_left_out(voc, tmp_path):
    inner = _fill(voc)
    reader = ChosenClasses(inner, ["dog", "cat"])
    prepare.prepare(reader, str(tmp_path / "whole"), 1)
    path = voc.root / "JPEGImages" / "boxes_only.jpg"
    good = path.read_bytes()
    path.write_bytes(good[:50])
    with pytest.raises(InputError, match="boxes_only.jpg"):
        prepare.prepare(reader, str(tmp_path / "mended"), 1, strict=True)
    path.write_bytes(good)
    prepare.prepare(ChosenClasses(inner, ["dog", "cat"]), str(tmp_path / "mended"), 1)
    whole, mended = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("whole", "mended")
    )
    assert whole == mended


def test_shapes():
    inner = ShapesReader(12, seed=3, image_size=64)
    reader = ChosenClasses(inner, ["cross"])
    crosses = [example for example in inner if 4 in example.labels]
    assert 0 < len(crosses) < 12
    assert [e.source_id for e in reader] == [e.source_id for e in crosses]
    for example, whole in zip(reader, crosses, strict=True):
        np.testing.assert_array_equal(example.labels, whole.labels == 4)
        np.testing.assert_array_equal(example.is_crowd, whole.labels != 4)


@pytest.mark.parametrize("form", ["voc", "coco"])
def test_labels_in_are_those_of_the_example(form, shared_data):
    folder = str(shared_data / "coco_subset")
    reader = VocReader(folder, "val") if form == "voc" else CocoReader(folder, "val")
    for index, example in enumerate(reader):
        in_mask = set(np.unique(example.mask).tolist()) - {0}
        assert set(reader.labels_in(index)) - {0} == in_mask | set(example.labels.tolist())


@pytest.mark.parametrize(("split", "num_images"), [("train", 512), ("val", 119)])
def test_animals_and_people_counted_in_the_files(split, num_images, shared_data):
    root = shared_data / "voc_subset" / "VOC2012"
    boxes, pixels = collections.Counter(), np.zeros(256, int)
    for name in (root / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split():
        xml = ElementTree.parse(root / "Annotations" / f"{name}.xml")
        boxes.update(item.findtext("name") for item in xml.getroot().findall("object"))
        with Image.open(root / "SegmentationClass" / f"{name}.png") as image:
            pixels += np.array(image.histogram())
    others = sum(number for name, number in boxes.items() if name not in _ANIMALS_AND_PEOPLE)

    reader = ChosenClasses(VocReader(str(root.parent), split), _ANIMALS_AND_PEOPLE)
    assert (len(reader), reader.settings["num_left_out"]) == (num_images, 0)
    found, found_pixels = np.zeros(7, int), np.zeros(256, int)
    for example in reader:
        found += np.bincount(example.labels, minlength=7)
        found_pixels += np.bincount(example.mask.ravel(), minlength=256)
        np.testing.assert_array_equal(example.is_crowd, example.labels == 0)
    assert found.tolist() == [others, *(boxes[name] for name in _ANIMALS_AND_PEOPLE)]
    kept = [0, *map(VOC_CLASSES.index, _ANIMALS_AND_PEOPLE)]
    assert found_pixels[:7].tolist() == pixels[kept].tolist()
    assert found_pixels[255] == pixels.sum() - pixels[kept].sum() > 0


def test_coco_under_the_names_of_voc(shared_data):
    folder = shared_data / "coco_subset"
    raw = json.loads((folder / "annotations" / "instances_train.json").read_text())
    ours = {"person": "person", "couch": "sofa", "tv": "tvmonitor", "laptop": "tvmonitor"}
    named = {category["id"]: ours.get(category["name"]) for category in raw["categories"]}
    boxes: dict[int, list] = {image["id"]: [] for image in raw["images"]}
    for annotation in raw["annotations"]:
        boxes[annotation["image_id"]].append(named[annotation["category_id"]])
    expected = {
        image["file_name"]: collections.Counter(boxes[image["id"]])
        for image in raw["images"]
        if any(boxes[image["id"]])
    }
    choice = [f"{theirs}={name}" for theirs, name in ours.items()]
    reader = ChosenClasses(CocoReader(str(folder), "train"), choice)
    assert reader.class_names == ("background", "person", "sofa", "tvmonitor")
    names = (None, *reader.class_names[1:])
    found = {
        example.filename: collections.Counter(names[label] for label in example.labels)
        for example in reader
    }
    assert found == expected
    assert 0 < len(found) < len(raw["images"])
    assert reader.settings["num_left_out"] == len(raw["images"]) - len(found)
