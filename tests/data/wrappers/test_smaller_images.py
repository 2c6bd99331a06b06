"""data.wrappers.smaller_images: image, mask and boxes shrink together."""

import dataclasses

import cv2
import numpy as np
import pytest
from PIL import Image

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.data import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.data.wrappers.chosen_classes import ChosenClasses
from boxsup_tf.data.wrappers.smaller_images import SmallerImages, resize
from boxsup_tf.errors import InputError
from boxsup_tf.records.example import Example, decode_image
from tests.data.tiny import HEIGHT, WIDTH, assert_equal, jpeg, voc_object, voc_xml


def _example(image: np.ndarray, boxes: list | None = None, mask: np.ndarray | None = None):
    num = len(boxes or ())
    return Example(
        source_id="a",
        filename="folder.of/a.jpg",
        encoded=cv2.imencode(".png", image[:, :, ::-1])[1].tobytes(),
        height=image.shape[0],
        width=image.shape[1],
        boxes=None if boxes is None else np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.arange(num) + 1,
        difficult=np.arange(num) % 2 == 0,
        truncated=np.arange(num) % 3 == 0,
        is_crowd=np.arange(num) % 2 == 1,
        mask=mask,
    )


def _noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_a_pixel_is_the_mean_of_what_it_covers():
    image = _noise(36, 60)
    smaller = resize(_example(image), 12, 20)
    assert (smaller.height, smaller.width, smaller.format) == (12, 20, "png")
    assert smaller.filename == "folder.of/a.png"
    expected = image.reshape(12, 3, 20, 3, 3).mean(axis=(1, 3))
    found = decode_image(smaller.encoded).numpy()
    assert np.abs(found - expected).max() <= 0.51  # rounded; and no colours exchanged


def test_a_pixel_of_the_mask_is_the_label_at_its_centre():
    mask = np.random.default_rng(1).choice(np.array([0, 7, 255], np.uint8), (36, 60))
    smaller = resize(_example(_noise(36, 60), mask=mask), 12, 20)
    np.testing.assert_array_equal(smaller.mask, mask[1::3, 1::3])


@pytest.mark.parametrize("size", [(67, 100), (80, 43), (211, 158)])
def test_image_and_mask_lie_on_one_grid(size):
    """A disc in both: its centre of mass is the same in both, and where scaling puts it."""
    y, x = np.mgrid[:400, :300]
    mask = (np.hypot(y - 170.3, x - 140.8) < 100).astype(np.uint8)
    image = np.repeat(mask[:, :, None] * 255, 3, axis=2)
    smaller = resize(_example(image, mask=mask), *size)
    seen = decode_image(smaller.encoded).numpy()[:, :, 0] / 255
    expected = (np.array([170.3, 140.8]) + 0.5) * size / (400, 300)
    for weights in (seen, smaller.mask):
        centre = [np.average(p + 0.5, weights=weights) for p in np.mgrid[: size[0], : size[1]]]
        np.testing.assert_allclose(centre, expected, atol=0.05)
    assert np.abs(seen - smaller.mask).max() < 0.8


def test_boxes_shrink_by_the_exact_factors():
    boxes = [[0, 0, 333, 500], [10, 20, 100.5, 300], [332, 0, 333, 500]]
    smaller = resize(_example(_noise(333, 500), boxes), 214, 321)
    y, x = 214 / 333, 321 / 500
    expected = [[0, 0, 214, 321], [10 * y, 20 * x, 100.5 * y, 300 * x], [332 * y, 0, 214, 321]]
    np.testing.assert_allclose(smaller.boxes, expected, rtol=1e-6)
    assert smaller.boxes[0].tolist() == [0, 0, 214, 321] and smaller.boxes.dtype == np.float32


def test_boxes_between_the_pixels_are_left_out():
    # At half the size the first holds the centre of pixel 5 (10.2 .. 11.8 covers 11), the second
    # lies between two centres, the third holds rows but no column.
    boxes = [[10.2, 10.2, 11.8, 11.8], [11.2, 10, 12.8, 30], [4, 3.2, 20, 4.8], [0, 0, 20, 20]]
    smaller = resize(_example(_noise(40, 60), boxes), 20, 30)
    np.testing.assert_allclose(smaller.boxes, [[5.1, 5.1, 5.9, 5.9], [0, 0, 10, 10]], rtol=1e-6)
    assert smaller.labels.tolist() == [1, 4]
    assert smaller.difficult.tolist() == [True, False]
    assert smaller.truncated.tolist() == [True, True]
    assert smaller.is_crowd.tolist() == [False, True]


def test_only_larger_images_change(voc):
    voc.add("boxes", voc_xml(voc_object(box=(1, 1, WIDTH, HEIGHT))))
    voc.add("mask", mask=np.ones((HEIGHT, WIDTH), np.uint8))
    inner = VocReader(voc.data_dir, "train")
    for same, whole in zip(SmallerImages(inner, WIDTH), inner, strict=True):
        assert_equal(same, whole)
    boxes, mask = SmallerImages(inner, 16)
    assert (boxes.height, boxes.width) == (mask.height, mask.width) == (12, 16)
    np.testing.assert_array_equal(boxes.boxes, [[0, 0, 12, 16]])
    assert boxes.mask is None and mask.boxes is None and mask.mask.shape == (12, 16)


def test_the_thinnest_image_keeps_a_row(voc):
    voc.add("thin", mask=np.ones((2, 500), np.uint8))
    (voc.root / "JPEGImages" / "thin.jpg").write_bytes(jpeg(height=2, width=500))
    (smaller,) = SmallerImages(VocReader(voc.data_dir, "train"), 10)
    assert decode_image(smaller.encoded).shape == (1, 10, 3) and smaller.mask.shape == (1, 10)


def test_the_size_belongs_to_the_folder(tmp_path):
    inner = ShapesReader(2, seed=0, image_size=64)
    prepare.prepare(SmallerImages(inner, 40), str(tmp_path), 1)
    prepare.prepare(SmallerImages(inner, 40), str(tmp_path), 1)
    for other in (SmallerImages(inner, 41), inner):
        with pytest.raises(InputError, match="holds a dataset with max_image_side = 40"):
            prepare.prepare(other, str(tmp_path), 1)


def test_it_makes_no_difference_which_comes_first():
    inner = ShapesReader(6, seed=4, image_size=64)
    one = ChosenClasses(SmallerImages(inner, 40), ["star", "triangle"])
    other = SmallerImages(ChosenClasses(inner, ["star", "triangle"]), 40)
    assert one.settings == other.settings and one.class_names == other.class_names
    assert 0 < len(one) == len(other)
    for index, (left, right) in enumerate(zip(one, other, strict=True)):
        assert_equal(left, right)
        assert set(one.labels_in(index)) == set(other.labels_in(index))


def test_boxes_stay_tight_on_real_objects(shared_data):
    """Boxes that fit their instance (SegmentationObject) exactly, fit within 2 px at half the size.

    The mask is never outside by more than half a pixel; inside, a part thinner than the distance
    of the pixels' centres may be missed.
    """
    root = shared_data / "coco_subset"
    inside, outside = [], []
    for example in VocReader(str(root), "train"):
        path = root / "VOC2012" / "SegmentationObject" / f"{example.source_id}.png"
        with Image.open(path) as image:
            whole = dataclasses.replace(example, mask=np.array(image))
        factor = 321 / max(example.height, example.width)
        smaller = resize(whole, round(example.height * factor), round(example.width * factor))
        assert len(smaller.boxes) == len(whole.boxes)
        for number, box in enumerate(smaller.boxes, start=1):
            if (tight_box_yxyx(whole.mask == number) == whole.boxes[number - 1]).all():
                slack = (tight_box_yxyx(smaller.mask == number) - box) * [1, 1, -1, -1]
                inside.append(slack.max())
                outside.append(-slack.min())
    assert len(inside) > 250
    assert max(outside) <= 0.51 and max(inside) < 2 and np.mean(np.array(inside) <= 1) > 0.95
