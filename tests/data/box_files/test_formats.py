"""data.box_files: every format gives the records that VOC's XML gives of the same boxes."""

import csv
import dataclasses
import json
import pathlib
import re
from collections.abc import Callable

import numpy as np
import pytest

from boxsup_tf.data.box_files.reader import FORMATS, BoxesReader
from boxsup_tf.data.mending import OBJECT_LEFT_OUT
from boxsup_tf.data.prepare import make_reader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError, InputWarning
from boxsup_tf.records.records import encode_example
from tests.data.tiny import HEIGHT, WIDTH, assert_equal, jpeg, voc_object, voc_xml

# By image: class and box (xmin, ymin, xmax, ymax), half-open, from 0.
_BOXES = {
    "a": [("dog", (2, 4, 12, 20)), ("cat", (0, 0, 32, 24))],
    "b c": [("cat", (10.5, 3.25, 20, 9))],
    "d": [],
}


def _yolo(root: pathlib.Path) -> None:
    (root / "classes.txt").write_text("cat\ndog\n")
    for name, boxes in _BOXES.items():
        lines = [
            f"{('cat', 'dog').index(label)} {(x + u) / 2 / WIDTH!r} {(y + v) / 2 / HEIGHT!r} "
            f"{(u - x) / WIDTH!r} {(v - y) / HEIGHT!r}"
            for label, (x, y, u, v) in boxes
        ]
        if lines:
            (root / f"{name}.txt").write_text("\n".join(lines) + "\n")


def _labelme(root: pathlib.Path) -> None:
    for name, boxes in _BOXES.items():
        shapes = [
            {"label": label, "points": [[u, v], [x, y]], "shape_type": "rectangle", "flags": {}}
            for label, (x, y, u, v) in boxes
        ]
        content = {"imagePath": f"..\\{name}.jpg", "imageHeight": HEIGHT, "imageWidth": WIDTH}
        (root / f"{name}.json").write_text(json.dumps(content | {"shapes": shapes}))


def _labelstudio(root: pathlib.Path) -> None:
    tasks = []
    for number, (name, boxes) in enumerate(_BOXES.items()):
        result = [
            {
                "type": "rectanglelabels",
                "original_height": HEIGHT,
                "original_width": WIDTH,
                "value": {
                    "x": 100 * x / WIDTH,
                    "y": 100 * y / HEIGHT,
                    "width": 100 * (u - x) / WIDTH,
                    "height": 100 * (v - y) / HEIGHT,
                    "rotation": 0,
                    "rectanglelabels": [label],
                },
            }
            for label, (x, y, u, v) in boxes
        ]
        image = f"/data/upload/1/0123abcd-{name}.jpg"
        annotations = [{"was_cancelled": True, "result": [{}]}, {"result": result}]
        tasks.append({"id": number, "data": {"image": image}, "annotations": annotations})
    tasks.append({"id": 9, "data": {"image": "not_yet.jpg"}, "annotations": []})
    (root / "project.json").write_text(json.dumps(tasks))


def _cvat(root: pathlib.Path) -> None:
    images = ""
    for number, (name, boxes) in enumerate(_BOXES.items()):
        shapes = "".join(
            f'<box label="{label}" occluded="0" xtl="{x}" ytl="{y}" xbr="{u}" ybr="{v}"/>'
            for label, (x, y, u, v) in boxes
        )
        images += f'<image id="{number}" name="{name}.jpg" width="32" height="24">{shapes}</image>'
    (root / "annotations.xml").write_text(f"<annotations>{images}</annotations>")


def _openimages(root: pathlib.Path) -> None:
    (root / "class-descriptions-boxable.csv").write_text("/m/01,cat\n/m/02,dog\n")
    with (root / "x-annotations-bbox.csv").open("w", newline="") as file:
        columns = ["ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax", "IsGroupOf"]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for name, boxes in _BOXES.items():
            for label, (x, y, u, v) in boxes:
                edges = [x / WIDTH, u / WIDTH, y / HEIGHT, v / HEIGHT]
                code = {"cat": "/m/01", "dog": "/m/02"}[label]
                writer.writerow(dict(zip(columns, [name, code, *edges, 0], strict=True)))


def _csv(root: pathlib.Path) -> None:
    lines = ["filename;width;height;class;xmin;ymin;xmax;ymax"]
    for name, boxes in _BOXES.items():
        rows = [f"{label};{x};{y};{u};{v}" for label, (x, y, u, v) in boxes] or [";;;;"]
        lines += [f"{name}.jpg;32;24;{row}" for row in rows]
    (root / "boxes.csv").write_text("\n".join(lines))


_WRITERS: dict[str, Callable[[pathlib.Path], None]] = {
    "yolo": _yolo,
    "labelme": _labelme,
    "labelstudio": _labelstudio,
    "cvat": _cvat,
    "openimages": _openimages,
    "csv": _csv,
}


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in _BOXES:
        (folder / f"{name}.jpg").write_bytes(jpeg(len(name)))
    return folder


def _voc_of_the_same(voc, ids: list[str]) -> VocReader:
    for name in ids:
        boxes = [(label, (x + 1, y + 1, u, v)) for label, (x, y, u, v) in _BOXES[name]]
        voc.add(name, voc_xml("".join(voc_object(label, box) for label, box in boxes)))
    return VocReader(voc.data_dir, "train", class_names=("background", "cat", "dog"))


def test_every_format_is_tested():
    assert set(_WRITERS) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_records_are_those_of_voc(voc, root, name):
    _WRITERS[name](root)
    reader = make_reader(name, str(root), "all")
    assert reader.class_names == ("background", "cat", "dog")
    ids = [i for i in _BOXES if name != "openimages" or i != "d"]  # it lists images by their boxes
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


def test_classes_of_ones_own_must_be_all(root):
    _csv(root)
    names = ("background", "dog", "cat")
    reader = BoxesReader("csv", str(root), "all", names)
    assert reader.class_names == names and reader[0].labels.tolist() == [1, 2]
    with pytest.raises(InputError, match="unknown class 'cat': expected dog"):
        BoxesReader("csv", str(root), "all", names[:2])


def test_yolo_with_a_description_parts_and_faulty_lines(tmp_path):
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    for part, name in (("train", "a"), ("valid", "b")):
        for kind in ("images", "labels"):
            (tmp_path / part / kind).mkdir(parents=True)
        (tmp_path / part / "images" / f"{name}.png").write_bytes(jpeg())
    (tmp_path / "data.yaml").write_text(
        "train: ../train/images\nval: ../valid/images\nnames:\n  0: cat\n  1: dog\n"
    )
    (tmp_path / "train" / "labels" / "a.txt").write_text(
        "1 0.5 0.5 0.25 0.5\n7 0.5 0.5 0.1 0.1\nx\n0 0.25 0.25 0.75 0.25 0.5 0.75\n"
    )
    example = BoxesReader("yolo", str(tmp_path), "train")[0]
    np.testing.assert_allclose(example.boxes, [[6, 12, 18, 20], [6, 8, 18, 24]])
    assert example.labels.tolist() == [2, 1] and len(example.repairs) == 2
    assert BoxesReader("yolo", str(tmp_path), "val").source_ids == ["b"]
    (tmp_path / "data.yaml").write_text("names: [")
    with pytest.raises(InputError, match=r"data.yaml: not YAML"):
        BoxesReader("yolo", str(tmp_path), "train")


def test_outlines_circles_and_what_has_no_box_in_labelme(root):
    _labelme(root)
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
    _labelstudio(root)
    tasks = json.loads((root / "project.json").read_text())
    result = tasks[0]["annotations"][1]["result"]
    value = {"x": 50, "y": 25, "width": 25, "height": 25, "rotation": 90}
    result[0]["value"] |= value  # 8 x 6 pixels at (16, 6) lie, turned, left of it: 6 wide, 8 high
    (root / "project.json").write_text(json.dumps(tasks))
    example = BoxesReader("labelstudio", str(root), "all")[0]
    np.testing.assert_allclose(example.boxes[0], [6, 10, 14, 16], atol=1e-4)
    assert example.repairs[0].startswith("rotated box")
    _cvat(root)
    path = root / "annotations.xml"
    path.write_text(path.read_text().replace('occluded="0"', 'rotation="90"'))
    example = BoxesReader("cvat", str(root), "all")[0]
    np.testing.assert_allclose(example.boxes[0], [7, 0, 17, 15], atol=1e-4)


def test_groups_of_open_images_are_crowds_and_a_part_has_its_own_file(root):
    _openimages(root)
    path = root / "x-annotations-bbox.csv"
    path.write_text(path.read_text().replace(",0\n", ",1\n").replace(",0\r\n", ",1\r\n"))
    path.rename(root / "validation-annotations-bbox.csv")
    reader = BoxesReader("openimages", str(root), "validation")
    assert reader[0].is_crowd.all() and len(reader) == 2


def test_a_table_without_a_column(root):
    (root / "boxes.csv").write_text("image,xmin,ymin,xmax,ymax\n")
    with pytest.raises(InputError, match=r"boxes.csv: no column 'class' .or label, .* among image"):
        BoxesReader("csv", str(root), "all")


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
    _WRITERS[name](root)
    path = root / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    example = next(e for e in make_reader(name, str(root), "all") if e.source_id == "a")
    assert example.labels.tolist() == [1]
    assert [text.partition(":")[0] for text in example.repairs] == [OBJECT_LEFT_OUT]


@pytest.mark.parametrize("annotations", [7, [7], [{"result": 7}]])
def test_a_task_that_is_none_is_named(root, annotations):
    content = [{"id": "\ud800", "data": {"image": "a.jpg"}, "annotations": annotations}]
    (root / "project.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=re.escape(r"project.json: task '\ud800': not Label")):
        BoxesReader("labelstudio", str(root), "all")


def test_what_is_mended_can_be_written_whatever_it_is_called(root):
    region = {"type": "rectanglelabels", "value": {}}
    task = {"id": "\ud800", "data": {"image": "a.jpg"}, "annotations": [{"result": [region]}]}
    (root / "project.json").write_text(json.dumps([task]))
    names = ("background", "cat")
    example = BoxesReader("labelstudio", str(root), "all", names)[0]
    assert example.repairs == (f"{OBJECT_LEFT_OUT}: task ?: region 1",)
    encode_example(example, names)


@pytest.mark.parametrize("encoding", ["utf-16", "shift_jis", "none", "rot13"])
def test_cvat_in_any_encoding(root, encoding):
    _cvat(root)
    text = (root / "annotations.xml").read_text()
    text = f'<?xml version="1.0" encoding="{encoding}"?>{text}'
    known = encoding not in ("none", "rot13")
    (root / "annotations.xml").write_bytes(text.encode(encoding if known else "utf-8"))
    assert len(BoxesReader("cvat", str(root), "all")) == 3


def test_descriptions_that_are_no_table_are_named(root):
    _openimages(root)
    (root / "class-descriptions-boxable.csv").write_text("/m/01,c\rat\n")
    with pytest.raises(InputError, match="class-descriptions-boxable.csv: not a table: "):
        BoxesReader("openimages", str(root), "all")
