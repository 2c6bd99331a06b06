"""Pictures: the right colour on the right pixel."""

import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from boxsup_tf import drawing, labels
from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (11, 17, 3)).astype(np.uint8)


@pytest.fixture
def label_map() -> np.ndarray:
    label_map = np.zeros((11, 17), np.int32)
    label_map[2:5, 3:9] = 15
    label_map[8] = VOID
    return label_map


def test_colorize_gives_the_devkits_colors(label_map):
    picture = drawing.colorize(label_map)
    assert picture.dtype == np.uint8 and picture.shape == (11, 17, 3)
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[3, 4].tolist() == [192, 128, 128]  # person
    assert picture[8, 0].tolist() == [224, 224, 192]  # void


def test_overlay_blends_objects_and_leaves_background(image, label_map):
    picture = drawing.overlay(image, label_map, alpha=0.25)
    background = label_map == 0
    np.testing.assert_array_equal(picture[background], image[background])
    expected = 0.75 * image + 0.25 * drawing.colorize(label_map)
    np.testing.assert_allclose(picture[~background], expected[~background], atol=0.51)
    np.testing.assert_array_equal(drawing.overlay(image, label_map, alpha=0), image)


def test_boxes_are_drawn_inside_their_half_open_edges(image):
    before = image.copy()
    picture = drawing.draw_boxes(image, np.array([[2.0, 3.0, 9.0, 15.0]]), np.array([1]), 1)
    np.testing.assert_array_equal(image, before)
    line = np.zeros((11, 17), bool)
    line[2:9, 3:15] = True
    line[3:8, 4:14] = False
    assert (picture[line] == labels.color_map()[1]).all()
    np.testing.assert_array_equal(picture[~line], image[~line])
    empty = drawing.draw_boxes(image, np.zeros((0, 4)), np.zeros(0, int))
    np.testing.assert_array_equal(empty, image)


def test_palette_png_reads_back_as_labels_and_as_colors(tmp_path, label_map):
    path = str(tmp_path / "mask.png")
    drawing.write_palette_png(path, label_map)
    with Image.open(path) as picture:
        assert picture.mode == "P"
        np.testing.assert_array_equal(np.array(picture), label_map)
        colors = np.array(picture.convert("RGB"))
    np.testing.assert_array_equal(colors, drawing.colorize(label_map))
    assert os.listdir(tmp_path) == ["mask.png"]


def test_written_image_keeps_the_order_of_channels(tmp_path, image):
    path = str(tmp_path / "image.png")
    drawing.write_image(path, image)
    np.testing.assert_array_equal(cv2.imread(path)[:, :, ::-1], image)
    flat = np.full((32, 32, 3), (200, 30, 90), np.uint8)
    drawing.write_image(str(tmp_path / "image.jpg"), flat)
    with Image.open(tmp_path / "image.jpg") as picture:
        assert picture.format == "JPEG"
        np.testing.assert_allclose(np.array(picture), flat, atol=3)


def test_a_picture_larger_than_its_format_is_refused(tmp_path):
    path = str(tmp_path / "image.jpg")
    with pytest.raises(
        InputError, match="image.jpg: a picture of 1 x 70000 pixels .*at most 65500"
    ):
        drawing.write_image(path, np.zeros((1, 70_000, 3), np.uint8))
    assert os.listdir(tmp_path) == []


def test_reduced_keeps_the_shape_and_the_labels():
    large = np.zeros([600, 1001], np.uint8)
    large[:300] = 7
    small = drawing.reduced(large, 500, cv2.INTER_NEAREST)
    assert small.shape == (300, 500) and set(np.unique(small)) == {0, 7}
    assert (small[:149] == 7).all() and (small[151:] == 0).all()
    assert drawing.reduced(large, 1001, cv2.INTER_NEAREST) is large
    assert drawing.reduced(large[:1], 500, cv2.INTER_NEAREST).shape == (1, 500)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("mode", "side"), [("L", 60_000), ("RGB", 12_000), ("I;16", 12_000)])
def test_a_picture_that_says_it_is_huge_is_not_decoded(tmp_path, mode, side):
    path = tmp_path / "a.png"
    Image.new(mode, (1, 1)).save(path)
    whole = bytearray(path.read_bytes())
    whole[16:24] = struct.pack(">II", side, side)
    whole[29:33] = struct.pack(">I", zlib.crc32(whole[12:29]))
    path.write_bytes(whole)
    with (
        pytest.raises(OSError, match=f"{side} x {side} pixels|exceeds limit"),
        drawing.opened_picture(str(path)) as picture,
    ):
        np.array(picture)


def test_what_a_picture_is_used_for_may_find_it_damaged(tmp_path):
    path = tmp_path / "a.png"
    Image.new("L", (90, 90)).save(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(OSError, match="."), drawing.opened_picture(str(path)) as picture:
        np.array(picture)
    with pytest.raises(InputError, match="another"), drawing.opened_picture(str(path)):
        raise InputError("another")
