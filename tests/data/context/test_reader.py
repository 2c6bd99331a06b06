"""data.context.reader: both releases of PASCAL-Context, and every way they can be wrong."""

import json
import pathlib

import numpy as np
import pytest
import scipy.io

from boxsup_tf.data.context.reader import ContextReader
from boxsup_tf.data.prepare import prepare
from boxsup_tf.errors import InputError
from boxsup_tf.labels import CONTEXT_CLASSES, VOC_CLASSES
from boxsup_tf.miniature.context import write_context
from tests.data.tiny import assert_equal, jpeg
from tests.records.one_by_one import OneByOne

_NUM_TRAIN, _NUM_VAL = 6, 3


class Folders:
    """A miniature with names for its parts, for tests to break."""

    def __init__(self, root: pathlib.Path) -> None:
        write_context(str(root), _NUM_TRAIN, _NUM_VAL, image_size=64, seed=3)
        self.devkit, self.context = root / "VOCdevkit", root / "pascal-context"
        self.voc = self.devkit / "VOC2010"
        self.json_path = self.context / "trainval_merged.json"
        self.json: dict = json.loads(self.json_path.read_text())

    def mat(self, split: str = "train") -> ContextReader:
        return ContextReader(str(self.devkit), split, str(self.context))

    def detail(self, split: str = "train") -> ContextReader:
        self.json_path.write_text(json.dumps(self.json))
        return ContextReader(str(self.devkit), split, str(self.json_path))

    def write_map(self, values: object, name: str = "LabelMap") -> None:
        """Gives the first image another label map."""
        scipy.io.savemat(self.context / "trainval" / "2008_000001.mat", {name: values})


@pytest.fixture
def folders(tmp_path: pathlib.Path) -> Folders:
    return Folders(tmp_path)


def test_the_classes():
    assert len(CONTEXT_CLASSES) == len(set(CONTEXT_CLASSES)) == 60
    # The task has VOC's classes first, but for the name of one.
    differs = {ours for ours, voc in zip(CONTEXT_CLASSES, VOC_CLASSES, strict=False) if ours != voc}
    assert differs == {"table"}


def test_both_releases_give_the_same_examples(folders):
    for split, number in (("train", _NUM_TRAIN), ("val", _NUM_VAL), ("trainval", 9)):
        mat, detail = folders.mat(split), folders.detail(split)
        assert len(mat) == len(detail) == number and mat.source_ids == detail.source_ids
        for index in range(number):
            assert_equal(mat[index], detail[index])
            assert set(mat.labels_in(index)) <= {*detail.labels_in(index), 0}
            assert {*np.unique(mat[index].mask)} == {*mat.labels_in(index)}
        assert mat.settings != detail.settings
    assert not set(folders.mat("train").source_ids) & set(folders.mat("val").source_ids)


def test_pixels_are_those_that_the_files_name(folders):
    """Counted by the names of 59_labels.txt, which the reader does not read."""
    lines = (folders.context / "labels.txt").read_text().splitlines()
    assert len(lines) == 459
    name_of = {int(number): name for number, name in (line.split(": ") for line in lines)}
    lines = (folders.context / "59_labels.txt").read_text().splitlines()
    names = [line.split(": ")[1] for line in lines]
    main = {"diningtable": "table", "bedcloth": "bedclothes", "clothes": "cloth"}
    names = [main.get(name, name) for name in names]
    seen = set()
    for example in folders.mat():
        file = folders.context / "trainval" / f"{example.source_id}.mat"
        label_map = scipy.io.loadmat(file)["LabelMap"]
        assert label_map.dtype == np.uint16
        for number in np.unique(label_map):
            name = name_of[int(number)]
            label = 1 + names.index(name) if name in names else 0
            assert (example.mask[label_map == number] == label).all()
            seen.add(name)
    assert {"other 382", "person"} < seen and len(seen) > 6


def test_an_example_has_a_mask_and_no_boxes(folders):
    example = folders.mat()[0]
    assert example.boxes is None and example.mask.dtype == np.uint8
    assert (example.source_id, example.filename) == ("2008_000001", "2008_000001.jpg")
    assert example.mask.shape == (example.height, example.width)


def test_a_list_beside_the_labels_comes_first(folders):
    (folders.context / "train.txt").write_text("2008_000004\n2008_000002\n")
    assert folders.mat().source_ids == ["2008_000004", "2008_000002"]
    assert len(folders.mat("val")) == _NUM_VAL


def test_label_maps_may_lie_beside_the_labels(folders):
    before = list(folders.mat())
    for path in (folders.context / "trainval").iterdir():
        path.rename(folders.context / path.name)
    (folders.context / "trainval").rmdir()
    for ours, theirs in zip(folders.mat(), before, strict=True):
        assert_equal(ours, theirs)


def test_other_numbers_and_names_of_the_same_classes(folders):
    """Categories count by their names, label maps of doubles are read, 0 is background."""
    path = folders.context / "labels.txt"
    text = path.read_text().replace(": table\n", ":dining table \n").replace(": cloth\n", ": X\n")
    path.write_text(text.replace("382: other 382\n", "382: clothes\n") + "\n700: spoon\n")
    example = folders.mat()[0]
    label_map = np.zeros((example.height, example.width))
    label_map[:, 5:], label_map[:, 9:], label_map[:, 20:] = 397, 382, 700
    folders.write_map(label_map)
    mask = folders.mat()[0].mask
    table, cloth = CONTEXT_CLASSES.index("table"), CONTEXT_CLASSES.index("cloth")
    assert (mask[:, :5] == 0).all() and (mask[:, 20:] == 0).all()
    assert (mask[:, 5:9] == table).all() and (mask[:, 9:20] == cloth).all()


def test_a_later_annotation_covers_an_earlier_one(folders):
    first = next(a for a in folders.json["annos_segmentation"] if a["category_id"] != 382)
    image_id = first["image_id"]
    index = [image["image_id"] for image in folders.json["images"]].index(image_id)
    before = folders.detail()[index].mask
    folders.json["annos_segmentation"].append(first | {"id": 10**6, "category_id": 458})
    mask = folders.detail()[index].mask
    changed = mask != before
    assert changed.sum() == first["area"] and {*mask[changed]} == {CONTEXT_CLASSES.index("wood")}
    # What is none of the 59 covers, too.
    folders.json["annos_segmentation"][-1]["category_id"] = 382
    mask = folders.detail()[index].mask
    assert (mask[changed] == 0).all() and (mask[~changed] == before[~changed]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f.context / "labels.txt").unlink(), "labels.txt: cannot read PASCAL-Context"),
        (
            lambda f: (f.context / "labels.txt").write_text("1: bag\n1: bed\n"),
            "labels.txt: line 2 is '1: bed': expected NUMBER: NAME, each number once",
        ),
        (lambda f: (f.context / "labels.txt").write_text("bag\n"), "line 1 is 'bag': expected"),
        (lambda f: (f.context / "labels.txt").write_text("9" * 5000 + ": a"), "line 1 is '99999"),
        (
            lambda f: (f.context / "labels.txt").write_bytes(b"1: bag\n2: \xff\n"),
            "labels.txt: no category 'aeroplane' among 2: expected PASCAL-Context's 459",
        ),
        (
            lambda f: (f.voc / "ImageSets" / "Main" / "train.txt").unlink(),
            r"pascal-context/train.txt and .*/VOC2010/ImageSets/Main/train.txt: no such list",
        ),
        (lambda f: (f.voc / "JPEGImages").rename(f.voc / "x"), "/JPEGImages: no such folder"),
        (
            lambda f: (f.voc / "JPEGImages" / "2008_000001.jpg").unlink(),
            "2008_000001.jpg: cannot read an image",
        ),
        (
            lambda f: (f.voc / "JPEGImages" / "2008_000001.jpg").write_bytes(jpeg()),
            r"2008_000001.mat: the mask is \d+ x \d+ \(height x width\): expected .*24 x 32",
        ),
        (
            lambda f: (f.context / "trainval" / "2008_000001.mat").unlink(),
            "2008_000001.mat: cannot read a label map",
        ),
        (
            lambda f: (f.context / "trainval" / "2008_000001.mat").write_bytes(b"x" * 300),
            "2008_000001.mat: cannot be read",
        ),
        (lambda f: f.write_map(np.ones((3, 3)), "Labels"), "cannot be read .KeyError.'LabelMap'"),
        (lambda f: f.write_map(np.ones((3, 3, 2))), r"of float64 and shape \(3, 3, 2\): expected"),
        (lambda f: f.write_map("text"), "2008_000001.mat: LabelMap is an array of <U4"),
        (lambda f: f.write_map(np.full((3, 3), 460)), "category 460 is unknown: expected those of"),
        (lambda f: f.write_map(np.full((3, 3), 2.5)), r"category 2.5 is unknown"),
        (lambda f: f.write_map(np.full((3, 3), np.nan)), r"category nan is unknown"),
    ],
)
def test_a_damaged_release(folders, change, message):
    change(folders)
    with pytest.raises(InputError, match=message) as caught:
        folders.mat()[0]
    assert "\n" not in str(caught.value)


def test_a_label_map_cut_short(folders):
    path = folders.context / "trainval" / "2008_000001.mat"
    whole = path.read_bytes()
    for size in (0, 60, 130, len(whole) // 2, len(whole) - 20):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"^[^:]*2008_000001.mat: cannot be read \("):
            folders.mat()[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("annos_segmentation"), "no list 'annos_segmentation': expected PASCAL in"),
        (lambda d: d["images"][0].pop("phase"), r"images\[0\]: 'phase' is None"),
        (lambda d: d["images"][1].update(image_id=2008000001), "image_id 2008000001 occurs twice"),
        (lambda d: d["images"][1].update(file_name="2008_000001.jpg"), "file name .* occurs twice"),
        (lambda d: d["categories"][1].update(category_id=1), "category_id 1 occurs twice"),
        (lambda d: d["categories"][1].update(name="plane"), "no category 'aeroplane' among 459"),
        (
            lambda d: d["annos_segmentation"][0].update(category_id=500),
            r"annos_segmentation\[0\]: category_id 500 is unknown",
        ),
        (
            lambda d: d["images"][0].update(height=10**9, width=10**9),
            "'2008_000001.jpg': the image has 1000000000 x 1000000000 pixels",
        ),
        (lambda d: d["images"][0].update(height=-1), "'2008_000001.jpg': of -1 x"),
        (lambda d: d["annos_segmentation"].clear(), "image '2008_000001.jpg': no annotation"),
        (lambda d: d["annos_segmentation"][0].pop("segmentation"), "has no segmentation: expected"),
        (
            lambda d: d["annos_segmentation"][0]["segmentation"].update(size=[2, 2]),
            r"'2008_000001.jpg': segmentation of size \[2, 2\]",
        ),
        (lambda d: d["annos_segmentation"][0]["segmentation"].pop("counts"), "malformed segm"),
        (
            lambda d: d["images"][0].update(height=7),
            r"'2008_000001.jpg': segmentation of size .*: expected \[7, ",
        ),
        (lambda d: [image.update(phase="test") for image in d["images"]], "'train': expected test"),
    ],
)
def test_a_damaged_json(folders, change, message):
    change(folders.json)
    with pytest.raises(InputError, match=f"trainval_merged.json: .*{message}") as caught:
        folders.detail()[0]
    assert "\n" not in str(caught.value)


def test_what_is_no_json(folders):
    for content, message in ((b"{", "not JSON"), (b"[]", "no list 'categories'")):
        folders.json_path.write_bytes(content)
        with pytest.raises(InputError, match=f"trainval_merged.json: {message}"):
            ContextReader(str(folders.devkit), "train", str(folders.json_path))


def test_records_are_the_same_wherever_they_are_made(folders, tmp_path):
    for name, reader in (("mat", folders.mat()), ("json", folders.detail())):
        here, there = tmp_path / name, tmp_path / f"{name}_there"
        info = prepare(reader, str(here), 2)
        assert info == prepare(reader, str(there), 2, OneByOne())
        assert (info.num_images, info.num_images_with_masks) == (_NUM_TRAIN, _NUM_TRAIN)
        assert (info.num_images_with_boxes, len(info.class_names)) == (0, 60)
        for path in here.iterdir():
            assert path.read_bytes() == (there / path.name).read_bytes()


def test_other_file_systems(folders):
    """TensorFlow's file system in memory holds the same as the local disk."""
    root = "ram://context"
    write_context(root, _NUM_TRAIN, _NUM_VAL, image_size=64, seed=3)
    local = list(folders.mat())
    for release in ("pascal-context", "pascal-context/trainval_merged.json"):
        reader = ContextReader(f"{root}/VOCdevkit", "train", f"{root}/{release}")
        for ours, theirs in zip(reader, local, strict=True):
            assert_equal(ours, theirs)
