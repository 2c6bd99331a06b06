"""importers.label_png: label maps and folders of masks."""

import dataclasses
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.importers import label_png
from tests.proposals.importers import masks as made


def _labels(number: int) -> np.ndarray:
    """A label map with values 0 .. number - 1, 0 and number // 2 the most."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, number, (40, 55))
    labels[10:30] = 0
    labels[5:10] = number // 2
    return labels


def _masks(labels: np.ndarray) -> np.ndarray:
    return np.stack([labels == value for value in np.unique(labels) if value > 0])


@pytest.mark.parametrize(
    ("number", "dtype"), [(2, np.uint8), (200, np.uint8), (256, np.uint8), (900, np.uint16)]
)
def test_every_value_of_a_grey_label_map_is_a_candidate(tmp_path, number, dtype):
    labels = _labels(number).astype(dtype)
    Image.fromarray(labels).save(tmp_path / "a.png")
    pool = label_png.read(str(tmp_path), made.inputs("a.jpg"))
    made.check_is(pool, _masks(labels))
    assert not pool.membership[:, pool.superpixels[20, 20]].any()


def test_255_of_a_palette_is_void(tmp_path):
    labels = _labels(6).astype(np.uint8)
    labels[:3] = 255
    picture = Image.fromarray(labels)
    picture.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tolist())
    picture.save(tmp_path / "a.png")
    pool = label_png.read(str(tmp_path), made.inputs("a.jpg"))
    made.check_is(pool, _masks(np.where(labels == 255, 0, labels)))


def test_instances_of_voc_are_the_values_of_its_masks(shared_data):
    folder = shared_data / "coco_subset" / "VOC2012" / "SegmentationObject"
    path = sorted(folder.glob("*.png"))[0]
    with Image.open(path) as picture:
        labels = np.array(picture)
    pool = label_png.read(str(folder), made.inputs(f"{path.stem}.jpg", *labels.shape))
    made.check_is(pool, _masks(np.where(labels == 255, 0, labels)))


def test_a_folder_of_masks_that_overlap_comes_in_the_order_of_its_numbers(tmp_path):
    masks = made.overlapping(12)
    (tmp_path / "a").mkdir()
    for n, mask in enumerate(masks):
        # As Segment Anything writes them; one bit is enough as well.
        picture = Image.fromarray(mask.astype(np.uint8) * 255)
        (picture.convert("1") if n % 2 else picture).save(tmp_path / "a" / f"{n}.png")
    (tmp_path / "a" / "metadata.csv").write_text("id,area\n")
    made.check_is(label_png.read(str(tmp_path), made.inputs("a.jpg")), masks)
    # A label map beside the folder comes first.
    labels = _labels(4).astype(np.uint8)
    Image.fromarray(labels).save(tmp_path / "a.png")
    pool = label_png.read(str(tmp_path), made.inputs("a.jpg"))
    made.check_is(pool, np.concatenate([_masks(labels), masks]))


def test_nothing_but_background_is_an_empty_pool(tmp_path):
    Image.fromarray(np.zeros((40, 55), np.uint8)).save(tmp_path / "a.png")
    assert label_png.read(str(tmp_path), made.inputs("a.jpg")).num_candidates == 0


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a.png: not found, nor a PNG in .*a: .*of a.jpg"):
        label_png.read(str(tmp_path), made.inputs("a.jpg"))
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((55, 40), np.uint8)).save(path)
    with pytest.raises(InputError, match=r"a.png: is of size \[55, 40\]: expected \[40, 55\]"):
        label_png.read(str(tmp_path), made.inputs("a.jpg"))
    huge = bytearray(path.read_bytes())
    huge[16:24] = struct.pack(">II", 9_000, 9_000)
    huge[29:33] = struct.pack(">I", zlib.crc32(huge[12:29]))
    path.write_bytes(huge)
    with pytest.raises(InputError, match=r"a.png: is of size \[9000, 9000\]: expected"):
        label_png.read(str(tmp_path), made.inputs("a.jpg"))
    photograph = np.random.default_rng(0).integers(0, 256, (110, 120, 3), np.uint8)
    Image.fromarray(photograph).save(path)
    with pytest.raises(InputError, match=r"a.png: 1\d{4} colours: expected a colour for each"):
        label_png.read(str(tmp_path), made.inputs("a.jpg", 110, 120))
    Image.fromarray(np.random.default_rng(0).integers(0, 9, (40, 55), np.uint8)).save(path)
    whole = path.read_bytes()
    for broken in (b"", b"no png", whole[:60], whole[:-30]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"a.png: cannot be read .*: expected a whole PNG"):
            label_png.read(str(tmp_path), made.inputs("a.jpg"))


def test_colours_other_endings_and_large_numbers(tmp_path):
    labels = np.zeros((40, 55), np.int32)
    labels[3:9, 4:20], labels[20:30] = 70_000, 140_000
    expected = np.stack([labels == 70_000, labels == 140_000])
    Image.fromarray(labels, "I").save(tmp_path / "a.tif")
    Image.fromarray((labels // 70_000).astype(np.uint8)).save(tmp_path / "b.png")
    (tmp_path / "b.png").rename(tmp_path / "b.PNG")
    colours = np.stack([labels // 1000, labels // 2000, labels // 9000], axis=2).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "c.png")
    opaque = np.full((40, 55, 1), 255, np.uint8)
    opaque[0] = 0
    colours[0] = 99
    Image.fromarray(np.concatenate([colours, opaque], axis=2)).save(tmp_path / "d.png")
    for name in "abcd":
        made.check_is(label_png.read(str(tmp_path), made.inputs(f"{name}.jpg")), expected)


def test_a_name_that_two_folders_have_must_be_whole(tmp_path):
    Image.fromarray(np.ones((40, 55), np.uint8)).save(tmp_path / "a.png")
    inputs = made.inputs("one/a.jpg")
    assert label_png.read(str(tmp_path), inputs).num_candidates == 1
    with pytest.raises(InputError, match=r"one/a.png: not found"):
        label_png.read(str(tmp_path), dataclasses.replace(inputs, shares_name=True))
