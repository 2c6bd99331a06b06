"""labels: class names, their translation and the colour map."""

import json

import numpy as np
import pytest
from PIL import Image

from boxsup_tf import labels


def test_sizes_and_ends():
    assert (len(labels.VOC_CLASSES), len(labels.COCO_CLASSES)) == (21, 81)
    assert len(set(labels.VOC_CLASSES)) == 21 and len(set(labels.COCO_CLASSES)) == 81
    # Known labels of the two benchmarks, first, middle and last.
    assert [labels.VOC_CLASSES[i] for i in (0, 1, 15, 20)] == [
        "background",
        "aeroplane",
        "person",
        "tvmonitor",
    ]
    assert [labels.COCO_CLASSES[i] for i in (1, 80)] == ["person", "toothbrush"]


def test_every_voc_class_has_exactly_one_coco_class():
    translated = [labels.coco_to_voc(name) for name in labels.COCO_CLASSES]
    assert sorted(filter(None, translated)) == sorted(labels.VOC_CLASSES[1:])


@pytest.mark.parametrize(
    ("coco", "voc"),
    [
        ("motorcycle", "motorbike"),
        ("airplane", "aeroplane"),
        ("tv", "tvmonitor"),
        ("couch", "sofa"),
        ("dog", "dog"),
        ("zebra", None),
        ("background", None),
    ],
)
def test_coco_to_voc(coco, voc):
    assert labels.coco_to_voc(coco) == voc


def test_color_map_known_colors():
    colors = labels.color_map()
    known = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 15: (192, 128, 128)}
    known |= {20: (0, 64, 128), 255: (224, 224, 192)}
    for label, color in known.items():
        assert tuple(colors[label]) == color
    assert len(np.unique(colors, axis=0)) == 256


def test_color_map_is_the_palette_of_real_masks(shared_data):
    folder = shared_data / "voc_subset" / "VOC2012" / "SegmentationClass"
    with Image.open(sorted(folder.glob("*.png"))[0]) as image:
        palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    used = min(len(palette), 21)
    np.testing.assert_array_equal(labels.color_map(used), palette[:used])


def test_coco_classes_are_in_the_order_of_the_ids(shared_data):
    with open(shared_data / "coco_subset" / "annotations" / "instances_train.json") as file:
        categories = json.load(file)["categories"]
    ordered = [c["name"] for c in sorted(categories, key=lambda c: c["id"])]
    assert tuple(ordered) == labels.COCO_CLASSES[1:]
