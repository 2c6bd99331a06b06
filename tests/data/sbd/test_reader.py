"""data.sbd.reader: VOC 2012 with SBD, on a miniature of both, and every way they can be wrong."""

import pathlib
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import scipy.io
from PIL import Image

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.data.prepare import make_reader, prepare
from boxsup_tf.data.sbd.reader import SbdReader
from boxsup_tf.data.voc.reader import VocReader
from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.miniature.sbd import write_sbd
from boxsup_tf.miniature.voc import write_voc
from tests.data.tiny import assert_equal, jpeg
from tests.in_process import run_script
from tests.records.one_by_one import OneByOne

_NUMBERS = {"num_train": 6, "num_val": 4, "num_more": 5, "num_test": 1, "image_size": 72}
_MORE = "2008_000012"  # an image that VOC has no mask of
_TRAIN = "2008_000001"


class Folders:
    """Names for the parts of a miniature, for tests to break."""

    def __init__(self, root: pathlib.Path) -> None:
        self.devkit, self.release = root / "VOCdevkit", root / "benchmark_RELEASE"
        self.voc, self.sbd = self.devkit / "VOC2012", self.release / "dataset"
        self.pngs = self.voc / "SegmentationClassAug"

    def reader(self, split: str = "train_aug", **options: str) -> SbdReader:
        options = {"sbd_dir": str(self.release)} | options
        return SbdReader(str(self.devkit), split, **options)

    def ids(self, path: str) -> list[str]:
        root = self.sbd if path.startswith("sbd/") else self.voc / "ImageSets" / "Segmentation"
        return (root / f"{pathlib.Path(path).name}.txt").read_text().split()

    def xml(self, name: str) -> pathlib.Path:
        return self.voc / "Annotations" / f"{name}.xml"

    def mat(self, kind: str, name: str) -> pathlib.Path:
        return self.sbd / kind / f"{name}.mat"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("sbd")
    write_voc(str(root), **_NUMBERS, seed=5)
    write_sbd(str(root), image_size=_NUMBERS["image_size"], seed=5)
    return root


@pytest.fixture
def folders(whole, tmp_path) -> Folders:
    shutil.copytree(whole, tmp_path / "data")
    return Folders(tmp_path / "data")


def _by_id(reader) -> dict:
    return {example.source_id: example for example in reader}


def test_the_lists(folders):
    ids = folders.ids
    validation, of_sbd = set(ids("val")), {*ids("sbd/train"), *ids("sbd/val")}
    assert of_sbd & validation and of_sbd & set(ids("train")) and len(of_sbd) == 3 + 2 + 5
    reader = folders.reader()
    assert reader.source_ids == sorted((set(ids("train")) | of_sbd) - validation)
    assert [example.source_id for example in reader] == reader.source_ids
    assert sum(reader.settings["lists"].values()) == len(reader) == 11
    assert folders.reader("train").source_ids == ids("sbd/train")
    assert folders.reader("val").source_ids == ids("sbd/val")
    (folders.sbd / "train_noval.txt").write_text(f"{_MORE}\n")
    assert len(folders.reader("train_noval")) == 1
    inner = folders.reader(sbd_dir=str(folders.sbd))
    assert inner.settings == reader.settings


def test_vocs_masks_come_before_sbds(folders):
    examples = _by_id(folders.reader())
    for name, example in examples.items():
        path = folders.voc / "SegmentationClass" / f"{name}.png"
        if path.exists():
            np.testing.assert_array_equal(example.mask, np.array(Image.open(path)))
        else:
            mat = scipy.io.loadmat(folders.mat("cls", name))
            np.testing.assert_array_equal(example.mask, mat["GTcls"]["Segmentation"][0][0])
        assert (255 in example.mask) == path.exists()
    assert sum(255 in example.mask for example in examples.values()) == 6


def test_boxes_are_those_of_voc(folders):
    (folders.voc / "ImageSets" / "Main" / "x.txt").write_text(
        "\n".join(folders.reader().source_ids)
    )
    of_voc = VocReader(str(folders.devkit), "x")
    for ours, theirs in zip(folders.reader(), of_voc, strict=True):
        np.testing.assert_array_equal(ours.boxes, theirs.boxes)
        np.testing.assert_array_equal(ours.difficult, theirs.difficult)
        np.testing.assert_array_equal(ours.labels, theirs.labels)
        assert ours.encoded == theirs.encoded
    assert any(example.truncated.any() for example in of_voc)


def test_boxes_of_sbd_where_voc_has_none(folders):
    before = _by_id(folders.reader())
    for path in folders.voc.glob("Annotations/*.xml"):
        if folders.mat("inst", path.stem).exists():
            path.unlink()
    for name, example in _by_id(folders.reader()).items():
        np.testing.assert_array_equal(example.boxes, before[name].boxes)
        np.testing.assert_array_equal(example.labels, before[name].labels)
        if not folders.xml(name).exists():
            struct = scipy.io.loadmat(folders.mat("inst", name))["GTinst"]
            owner, labels = struct["Segmentation"][0][0], struct["Categories"][0][0].ravel()
            boxes = [tight_box_yxyx(owner == k) for k in range(1, owner.max() + 1)]
            np.testing.assert_array_equal(example.boxes, boxes)
            assert example.labels.tolist() == labels.tolist()
            assert not example.truncated.any() and not example.difficult.any()


def test_an_instance_without_pixels_has_no_box(folders):
    folders.xml(_MORE).unlink()
    struct = scipy.io.loadmat(folders.mat("inst", _MORE))["GTinst"]
    owner = struct["Segmentation"][0][0]
    fields = {"Segmentation": np.where(owner == 1, 2, 0), "Categories": [[3], [4], [5]]}
    scipy.io.savemat(folders.mat("inst", _MORE), {"GTinst": fields})
    example = _by_id(folders.reader())[_MORE]
    assert example.labels.tolist() == [4]
    np.testing.assert_array_equal(example.boxes, [tight_box_yxyx(owner == 1)])


def test_images_of_sbd_where_voc_has_none(folders):
    before = list(folders.reader())
    (folders.voc / "JPEGImages" / f"{_MORE}.jpg").unlink()
    for ours, theirs in zip(folders.reader(), before, strict=True):
        assert_equal(ours, theirs)
    (folders.sbd / "img" / f"{_MORE}.jpg").unlink()
    with pytest.raises(InputError, match=rf"img/{_MORE}.jpg: cannot read an image"):
        list(folders.reader())


def test_pngs_in_place_of_sbds_masks(folders):
    reader = folders.reader(mask_dir=str(folders.pngs))
    for ours, theirs in zip(reader, folders.reader(), strict=True):
        assert_equal(ours, theirs)
    assert reader.settings != folders.reader().settings
    for name in (_MORE, _TRAIN):
        shape = np.array(Image.open(folders.pngs / f"{name}.png")).shape
        Image.fromarray(np.full(shape, 9, np.uint8)).save(folders.pngs / f"{name}.png")
    shutil.rmtree(folders.sbd / "cls")
    examples = _by_id(folders.reader(mask_dir=str(folders.pngs)))
    assert np.unique(examples[_MORE].mask).tolist() == [9] and 9 not in examples[_TRAIN].mask


def test_pngs_and_no_sbd(folders):
    path = folders.voc / "ImageSets" / "Segmentation" / "trainaug.txt"
    path.write_text("\n".join(folders.reader().source_ids))
    before = list(folders.reader())
    shutil.rmtree(folders.release)
    reader = folders.reader(sbd_dir="", mask_dir=str(folders.pngs))
    for ours, theirs in zip(reader, before, strict=True):
        assert_equal(ours, theirs)
    folders.xml(_MORE).unlink()
    assert _by_id(reader)[_MORE].boxes is None
    assert set(reader.labels_in(reader.source_ids.index(_MORE))) > {0}
    with pytest.raises(InputError, match="split 'train': without sbd_dir, expected train_aug"):
        folders.reader("train", sbd_dir="", mask_dir=str(folders.pngs))


def test_labels_without_images(folders):
    folders.xml(_MORE).unlink()
    reader = folders.reader()
    for index, example in enumerate(reader):
        assert {*example.labels, *np.unique(example.mask)} == set(reader.labels_in(index))
    shutil.rmtree(folders.voc / "JPEGImages")
    shutil.rmtree(folders.sbd / "img")
    assert all(set(reader.labels_in(index)) > {0} for index in range(len(reader)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: shutil.rmtree(f.sbd / "cls"), "/cls: no such folder: expected annotations of S"),
        (lambda f: shutil.rmtree(f.sbd / "inst"), "/inst: no such folder: expected annotations"),
        (lambda f: (f.sbd / "train.txt").unlink(), "dataset/train.txt: cannot read a list"),
        (lambda f: f.mat("cls", _MORE).unlink(), f"cls/{_MORE}.mat: cannot read SBD's GTcls"),
        (
            lambda f: (f.xml(_MORE).unlink(), f.mat("inst", _MORE).unlink()),
            f"inst/{_MORE}.mat: cannot read SBD's GTinst",
        ),
        (
            lambda f: (f.voc / "JPEGImages" / f"{_MORE}.jpg").write_bytes(jpeg()),
            rf"{_MORE}.mat: the mask is \d+ x \d+ .*: expected the image's 24 x 32",
        ),
        (
            lambda f: (
                f.xml(_MORE).unlink(),
                scipy.io.savemat(
                    f.mat("inst", _MORE),
                    {"GTinst": {"Segmentation": np.ones((3, 4)), "Categories": [[1]]}},
                ),
            ),
            f"inst/{_MORE}.mat: the mask is 3 x 4",
        ),
        (lambda f: f.xml(_MORE).write_text("<x>"), f"{_MORE}.xml: not well-formed"),
    ],
)
def test_damaged_data(folders, change, message):
    change(folders)
    with pytest.raises(InputError, match=message) as caught:
        list(folders.reader())
    assert "\n" not in str(caught.value)


def test_records_are_the_same_wherever_they_are_made(folders, tmp_path):
    for number, reader in enumerate((folders.reader(), folders.reader("train"))):
        here, there = tmp_path / f"{number}", tmp_path / f"{number}_there"
        info = prepare(reader, str(here), 2)
        assert info == prepare(reader, str(there), 3 - 1, OneByOne())
        assert info.num_images == info.num_images_with_masks == info.num_images_with_boxes
        for path in here.iterdir():
            assert path.read_bytes() == (there / path.name).read_bytes()


def test_other_file_systems(folders):
    """TensorFlow's file system in memory holds the same as the local disk."""
    root = "ram://sbd"
    write_voc(root, **_NUMBERS, seed=5)
    write_sbd(root, image_size=_NUMBERS["image_size"], seed=5)
    reader = SbdReader(f"{root}/VOCdevkit", "train_aug", f"{root}/benchmark_RELEASE")
    for ours, theirs in zip(reader, folders.reader(), strict=True):
        assert_equal(ours, theirs)


def test_the_command(folders, tmp_path):
    flags = ["--dataset=sbd", f"--data_dir={folders.devkit}", f"--output_dir={tmp_path / 'out'}"]
    result = run_script("prepare_data.py", *flags, "--split=train_aug")
    assert result.returncode == 1
    assert "--sbd_dir is missing: --dataset=sbd needs it, or --mask_dir" in result.stderr
    flags.append(f"--sbd_dir={folders.release}")
    lost = folders.mat("cls", _MORE)
    lost.rename(lost.with_suffix(".lost"))
    result = run_script("prepare_data.py", *flags, "--split=train_aug")
    assert result.returncode == 0 and f"cls/{_MORE}.mat: cannot read" in result.stderr
    result = run_script("prepare_data.py", *flags, "--split=train_aug", "--strict")
    assert result.returncode == 1 and "an earlier run left out 1 images" in result.stderr
    flags[2] = f"--output_dir={tmp_path / 'mended'}"
    lost.with_suffix(".lost").rename(lost)
    result = run_script("prepare_data.py", *flags, "--split=train_aug")
    assert result.returncode == 0, result.stderr
    assert "train_aug: 11 images = 6 (voc_train) + " in result.stdout
    assert "the published list has 10582" in result.stdout
    assert ": 11 images, " in result.stdout and " 11 masks" in result.stdout
    flags[2] = f"--output_dir={tmp_path / 'both'}"
    result = run_script("prepare_data.py", *flags, "--split=train,val", "--classes=cow,person")
    assert result.returncode == 0 and "train_aug" not in result.stdout, result.stderr
    whole = make_reader("sbd", str(folders.devkit), ["train", "val"], sbd_dir=str(folders.release))
    wanted = {VOC_CLASSES.index("cow"), VOC_CLASSES.index("person")}
    number = sum(bool(wanted.intersection(whole.labels_in(i))) for i in range(len(whole)))
    assert 0 < number < len(whole) == 10 and f": {number} images, " in result.stdout


def test_xml_that_voc_wrote_counts_from_one(folders):
    """The miniature's boxes, read without the reader, lie on the masks of the instances."""
    item = ElementTree.parse(folders.xml(_MORE)).find("object/bndbox")
    struct = scipy.io.loadmat(folders.mat("inst", _MORE))["GTinst"]
    ymin, xmin, ymax, xmax = tight_box_yxyx(struct["Segmentation"][0][0] == 1)
    assert [int(item.findtext(name)) for name in ("xmin", "ymin", "xmax", "ymax")] == [
        *(xmin + 1, ymin + 1, xmax, ymax)
    ]
