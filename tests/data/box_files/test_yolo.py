"""data.box_files.data_yaml and formats.yolo: classes and parts that data.yaml describes."""

import pathlib

import numpy as np
import pytest

from boxsup_tf.data.box_files.reader import BoxesReader
from boxsup_tf.errors import InputError
from tests.data.tiny import jpeg

pytest.importorskip("yaml", reason="PyYAML is not installed")


def test_parts_and_faulty_lines(tmp_path):
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


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    """Images a to d, each with a dog, and no folders for parts."""
    for kind in ("images", "labels"):
        (tmp_path / kind).mkdir()
    for name in "abcd":
        (tmp_path / "images" / f"{name}.jpg").write_bytes(jpeg())
        (tmp_path / "labels" / f"{name}.txt").write_text("1 0.5 0.5 0.25 0.5\n")
    return tmp_path


def _describe(root: pathlib.Path, *lines: str, names: str = "[cat, dog]") -> None:
    (root / "data.yaml").write_text("\n".join([*lines, f"names: {names}"]) + "\n")


def _ids(root: pathlib.Path, split: str) -> list[str]:
    reader = BoxesReader("yolo", str(root), split)
    assert all(example.labels.tolist() == [2] for example in reader)
    return reader.source_ids


@pytest.mark.parametrize("names", ["{0: cat, 1: dog}", "{1: dog, 0: cat}", "{'0': cat, '1': dog}"])
def test_numbered_names(root, names):
    _describe(root, names=names)
    assert len(_ids(root, "all")) == 4


@pytest.mark.parametrize("names", ["{1: cat, 2: dog}", "{0: cat, 2: dog}", "{cat: 0, dog: 1}"])
def test_numbers_with_gaps_or_none_are_refused(root, names):
    _describe(root, names=names)
    with pytest.raises(InputError, match="data.yaml: names: numbers .*: expected .* from 0 to 1"):
        BoxesReader("yolo", str(root), "all")


@pytest.mark.parametrize("start", ["images/", "./images/", "{root}/images/", "images\\"])
def test_a_list_of_images(root, start):
    start = start.format(root=root)
    for part, names in (("train", "ab"), ("val", "cd")):
        lines = "".join(f"{start}{name}.jpg\n" for name in names)
        (root / f"{part}.txt").write_text(lines, encoding="utf-8-sig")
    _describe(root, "train: train.txt", "val: [val.txt]")
    assert _ids(root, "train") == ["images/a", "images/b"]
    assert _ids(root, "val") == ["images/c", "images/d"]


def test_a_list_of_absolute_paths_in_a_folder_of_its_own(root):
    (root / "lists").mkdir()
    lines = [str(root / "images" / "a.jpg"), "/of/another/machine/b.jpg"]
    (root / "lists" / "train.txt").write_text("\n".join(lines))
    _describe(root, "train: lists/train.txt")
    reader = BoxesReader("yolo", str(root), "train")
    assert reader.source_ids == ["images/a", "images/b"]
    assert all(len(example.boxes) for example in reader)


def test_lists_below_the_path_and_an_image_that_is_not_there(root):
    inner = root / "set"
    inner.mkdir()
    for name in ("images", "labels"):
        (root / name).rename(inner / name)
    (inner / "train.txt").write_text("images/a.jpg\nimages/none.jpg\n")
    _describe(root, "path: set", "train: train.txt")
    reader = BoxesReader("yolo", str(root), "train")
    assert reader.source_ids == ["images/a", "images/none"] and reader[0].labels.tolist() == [2]
    with pytest.raises(InputError, match=r"none.jpg: cannot read an image"):
        reader[1]


def test_several_folders(root):
    (root / "more").mkdir()
    (root / "images" / "a.jpg").rename(root / "more" / "a.jpg")
    (root / "labels" / "a.txt").rename(root / "more" / "a.txt")
    _describe(root, "train: [images, more]")
    assert _ids(root, "train") == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("val: val.txt", "'val.txt': no such list: expected one of images"),
        ("val: elsewhere", "val: 'elsewhere' is neither a folder of images nor a list"),
        ("train: images", "val: None is neither a folder of images nor a list"),
    ],
)
def test_a_part_that_is_not_there_is_not_made_up(root, line, message):
    """A split by hash would hold images that data.yaml has in another part."""
    _describe(root, line)
    with pytest.raises(InputError, match=f"data.yaml: {message}"):
        BoxesReader("yolo", str(root), "val")
