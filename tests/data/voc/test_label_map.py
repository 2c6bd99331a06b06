"""data.voc.label_map: what colours of masks mean."""

import pathlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError
from tests.data.tiny import HEIGHT, WIDTH, voc_object, voc_xml

_BLACK, _RED, _GREEN = (0, 0, 0), (200, 0, 0), (0, 200, 0)
_CAT_AND_DOG = "background:0,0,0::\ncat:200,0,0::\ndog:0,200,0::\n"


def _save(folder: pathlib.Path, rows: Sequence[tuple[int, int, int]]) -> None:
    """A mask in colour of an image a: of the rows, and black below."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[: len(rows)] = np.array(rows)[:, None]
    Image.fromarray(pixels).save(folder / "a.png")


def test_a_label_map_names_classes_and_colours(voc):
    (voc.root / "labelmap.txt").write_text(
        "# label:color_rgb:parts:actions\ndent:250,50,83::\nbackground:0,0,0::\nvoid:9,9,9::\n"
    )
    voc.add("a", voc_xml(voc_object("dent")))
    rows = [_BLACK] * 4 + [(250, 50, 83)] * 5 + [(9, 9, 9)]
    _save(voc.root / "SegmentationClass", rows)
    reader = VocReader(voc.data_dir, "train")
    assert reader.class_names == ("background", "dent")
    np.testing.assert_array_equal(reader[0].mask[:, 0], [0] * 4 + [1] * 5 + [255] + [0] * 14)


def test_a_colour_means_its_class_by_name(voc):
    (voc.root / "labelmap.txt").write_text(_CAT_AND_DOG)
    voc.add("a", voc_xml(voc_object("dog") + voc_object("cat")))
    _save(voc.root / "SegmentationClass", [_RED, _GREEN])
    names = ("background", "dog", "cat")
    example = VocReader(voc.data_dir, "train", class_names=names)[0]
    assert example.labels.tolist() == [1, 2] and example.mask[:3, 0].tolist() == [2, 1, 0]
    with pytest.raises(InputError, match="labelmap.txt: class 'cat' is not among .*: expected dog"):
        VocReader(voc.data_dir, "train", class_names=names[:2])


def test_the_file_beside_the_masks_comes_before_that_of_the_data(voc, tmp_path):
    (voc.root / "labelmap.txt").write_text("horse:200,0,0::\n")
    export = tmp_path / "export"
    (export / "SegmentationClass").mkdir(parents=True)
    (export / "labelmap.txt").write_text(_CAT_AND_DOG)
    voc.add("a", voc_xml(voc_object("cat")))
    _save(export / "SegmentationClass", [_GREEN, _RED])
    for mask_dir in (f"{export}/SegmentationClass", f"{export}/SegmentationClass/"):
        reader = VocReader(voc.data_dir, "train", mask_dir=mask_dir)
        assert reader.class_names == ("background", "cat", "dog")
        assert reader[0].mask[:3, 0].tolist() == [2, 1, 0]
    (export / "labelmap.txt").unlink()
    assert VocReader(voc.data_dir, "train").class_names == ("background", "horse")


def test_a_file_with_a_byte_order_mark(voc):
    text = "cat:200,0,0::\ndog:0,200,0::\n"
    (voc.root / "labelmap.txt").write_text(text, encoding="utf-8-sig")
    voc.add("a", voc_xml())
    assert VocReader(voc.data_dir, "train").class_names == ("background", "cat", "dog")


@pytest.mark.parametrize("line", ["cat", "cat:1,2::", "cat:1,2,256::", ":1,2,3::", "cat:a,b,c"])
def test_a_line_that_names_no_colour(voc, line):
    (voc.root / "labelmap.txt").write_text(line)
    voc.add("a", voc_xml())
    with pytest.raises(InputError, match=f"labelmap.txt: line '{line}': expected NAME:RED"):
        VocReader(voc.data_dir, "train")
