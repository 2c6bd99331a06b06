"""data.box_files: every format gives the records that VOC's XML gives of the same boxes."""

import dataclasses
import json

import numpy as np
import pytest

from boxsup_tf.data.box_files.reader import FORMATS, BoxesReader
from boxsup_tf.data.mending import OBJECT_LEFT_OUT
from boxsup_tf.data.prepare import make_reader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError, InputWarning
from tests.data.box_files.writers import BOXES, WRITERS
from tests.data.tiny import assert_equal, voc_object, voc_xml


def _voc_of_the_same(voc, ids: list[str]) -> VocReader:
    for name in ids:
        boxes = [(label, (x + 1, y + 1, u, v)) for label, (x, y, u, v) in BOXES[name]]
        voc.add(name, voc_xml("".join(voc_object(label, box) for label, box in boxes)))
    return VocReader(voc.data_dir, "train", class_names=("background", "cat", "dog"))


def test_every_format_is_tested():
    assert set(WRITERS) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_records_are_those_of_voc(voc, root, name):
    WRITERS[name](root)
    reader = make_reader(name, str(root), "all")
    assert reader.class_names == ("background", "cat", "dog")
    ids = [i for i in BOXES if name != "openimages" or i != "d"]  # it lists images by their boxes
    assert list(reader.source_ids) == ids
    for ours, theirs in zip(reader, _voc_of_the_same(voc, ids), strict=True):
        assert_equal(ours, dataclasses.replace(theirs))
    assert [sorted(reader.labels_in(i)) for i in range(2)] == [[1, 2], [1]]
    chosen = make_reader(name, str(root), "all", ["dog"])
    assert list(chosen.source_ids) == ["a"] and chosen[0].is_crowd.tolist() == [False, True]
    with pytest.raises(InputError, match="expected one of train, val, all"):
        BoxesReader(name, str(root), "test")


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_folder(tmp_path, name):
    with pytest.raises(InputError, match=str(tmp_path)):
        BoxesReader(name, str(tmp_path), "all")


@pytest.mark.parametrize("name", FORMATS)
def test_endings_in_capitals(root, name):
    WRITERS[name](root)
    for path in sorted(root.iterdir()):
        if path.name != "classes.txt":  # yolo's, by its whole name
            path.rename(path.with_suffix(path.suffix.upper()))
    reader = BoxesReader(name, str(root), "all")
    assert reader[0].labels.tolist() == [2, 1] and reader[0].filename == "a.JPG"


def test_classes_of_ones_own_must_be_all(root):
    WRITERS["csv"](root)
    names = ("background", "dog", "cat")
    reader = BoxesReader("csv", str(root), "all", names)
    assert reader.class_names == names and reader[0].labels.tolist() == [1, 2]
    with pytest.raises(InputError, match="unknown class 'cat': expected dog"):
        BoxesReader("csv", str(root), "all", names[:2])


def test_outlines_circles_and_what_has_no_box_in_labelme(root):
    WRITERS["labelme"](root)
    shapes = [
        {"label": "cat", "points": [[3, 4], [9, 5], [6, 10]], "shape_type": "polygon"},
        {"label": "dog", "points": [[10, 10], [13, 14]], "shape_type": "circle"},
        {"label": "dog", "points": [[10, 10]], "shape_type": "point"},
        {"points": [[1, 1], [2, 2]], "shape_type": "rectangle"},
    ]
    content = json.loads((root / "a.json").read_text()) | {"shapes": shapes}
    (root / "a.json").write_text(json.dumps(content))
    (root / "other.json").write_text("{}")
    with pytest.warns(InputWarning, match="1 files left out, the first: .*other.json: not"):
        example = BoxesReader("labelme", str(root), "all")[0]
    np.testing.assert_array_equal(example.boxes, [[4, 3, 10, 9], [5, 5, 15, 15]])
    assert len(example.repairs) == 2


def test_turned_boxes(root):
    """Of Label Studio about their first corner, of CVAT about their middle; both clockwise."""
    WRITERS["labelstudio"](root)
    tasks = json.loads((root / "project.json").read_text())
    result = tasks[0]["annotations"][1]["result"]
    value = {"x": 50, "y": 25, "width": 25, "height": 25, "rotation": 90}
    result[0]["value"] |= value  # 8 x 6 pixels at (16, 6) lie, turned, left of it: 6 wide, 8 high
    (root / "project.json").write_text(json.dumps(tasks))
    example = BoxesReader("labelstudio", str(root), "all")[0]
    np.testing.assert_allclose(example.boxes[0], [6, 10, 14, 16], atol=1e-4)
    assert example.repairs[0].startswith("rotated box")
    WRITERS["cvat"](root)
    path = root / "annotations.xml"
    path.write_text(path.read_text().replace('occluded="0"', 'rotation="90"'))
    example = BoxesReader("cvat", str(root), "all")[0]
    np.testing.assert_allclose(example.boxes[0], [7, 0, 17, 15], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "file", "old", "new"),
    [
        ("labelme", "a.json", "[12, 20]", f"[{10**400}, 20]"),
        ("yolo", "a.txt", "1 ", "inf "),
        ("cvat", "annotations.xml", 'label="dog" occluded="0" xtl="2"', 'label="dog" xtl="two"'),
        ("labelstudio", "project.json", '"rectanglelabels": ["dog"]', '"rectanglelabels": 7'),
    ],
)
def test_numbers_that_are_none_leave_one_object_out(root, name, file, old, new):
    WRITERS[name](root)
    path = root / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    example = next(e for e in make_reader(name, str(root), "all") if e.source_id == "a")
    assert example.labels.tolist() == [1]
    assert [text.partition(":")[0] for text in example.repairs] == [OBJECT_LEFT_OUT]


@pytest.mark.parametrize("encoding", ["utf-16", "shift_jis", "none", "rot13"])
def test_cvat_in_any_encoding(root, encoding):
    WRITERS["cvat"](root)
    text = (root / "annotations.xml").read_text()
    text = f'<?xml version="1.0" encoding="{encoding}"?>{text}'
    known = encoding not in ("none", "rot13")
    (root / "annotations.xml").write_bytes(text.encode(encoding if known else "utf-8"))
    assert len(BoxesReader("cvat", str(root), "all")) == 3


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("yolo", "classes.txt"),
        ("yolo", "a.txt"),
        ("openimages", "class-descriptions-boxable.csv"),
        ("csv", "boxes.csv"),
        ("labelme", "a.json"),
        ("cvat", "annotations.xml"),
    ],
)
def test_a_file_with_a_byte_order_mark(root, name, file):
    """Windows' Notepad writes one."""
    WRITERS[name](root)
    (root / file).write_text((root / file).read_text(), encoding="utf-8-sig")
    reader = BoxesReader(name, str(root), "all")
    assert reader.class_names == ("background", "cat", "dog")
    assert reader[0].labels.tolist() == [2, 1] and not reader[0].repairs
