"""miniature.sbd: the layout of benchmark_RELEASE, read as its users read it."""

import pathlib

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from PIL import Image

from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.miniature.sbd import write_sbd
from boxsup_tf.miniature.scene import draw_scene
from boxsup_tf.miniature.voc import write_voc

_SIZE, _SEED = 80, 2


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("sbd")
    write_voc(str(path), 6, 5, 4, 1, image_size=_SIZE, seed=_SEED)
    write_sbd(str(path), image_size=_SIZE, seed=_SEED)
    return path


def _ids(root: pathlib.Path, *splits: str) -> list[str]:
    lists = [(root / "benchmark_RELEASE" / "dataset" / f"{split}.txt") for split in splits]
    return [name for path in lists for name in path.read_text().split()]


def test_lists_are_not_those_of_voc(root):
    folder = root / "VOCdevkit" / "VOC2012" / "ImageSets" / "Segmentation"
    train, val = ((folder / f"{split}.txt").read_text().split() for split in ("train", "val"))
    assert set(_ids(root, "train")) & set(val) and set(_ids(root, "train", "val")) & set(train)
    assert set(_ids(root, "train", "val")) - set(train) - set(val)
    assert not set(_ids(root, "train")) & set(_ids(root, "val"))
    stems = [
        {path.stem for path in (root / "benchmark_RELEASE" / "dataset" / kind).iterdir()}
        for kind in ("img", "cls", "inst")
    ]
    assert stems == 3 * [set(_ids(root, "train", "val"))]


def test_structs(root):
    dataset = root / "benchmark_RELEASE" / "dataset"
    for name in _ids(root, "train", "val"):
        scene = draw_scene(_SEED, name, _SIZE)
        classes = scipy.io.loadmat(dataset / "cls" / f"{name}.mat")["GTcls"]
        assert classes.shape == (1, 1)
        segmentation = classes["Segmentation"][0][0]
        assert segmentation.dtype == np.uint8 and segmentation.max() <= 20
        present = classes["CategoriesPresent"][0][0].ravel().tolist()
        assert present == sorted({VOC_CLASSES.index(one) for one in scene.names})
        boundaries = classes["Boundaries"][0][0]
        assert boundaries.shape == (20, 1) and boundaries.dtype == object
        for label in range(1, 21):
            cell = boundaries[label - 1][0]
            assert scipy.sparse.issparse(cell) and cell.shape == segmentation.shape
            on = cell.toarray() > 0
            assert on.any() == (label in present) and (segmentation[on] == label).all()

        instances = scipy.io.loadmat(dataset / "inst" / f"{name}.mat")["GTinst"]
        owner, categories = (instances[key][0][0] for key in ("Segmentation", "Categories"))
        number = len(scene.names)
        assert owner.dtype == np.uint8 and categories.shape == (number, 1)
        assert [VOC_CLASSES[label] for label in categories.ravel()] == list(scene.names)
        assert instances["Boundaries"][0][0].shape == (number, 1)
        np.testing.assert_array_equal(owner, scene.owner)
        np.testing.assert_array_equal(np.r_[0, categories.ravel()][owner], segmentation)
        assert (dataset / "img" / f"{name}.jpg").read_bytes() == (
            root / "VOCdevkit" / "VOC2012" / "JPEGImages" / f"{name}.jpg"
        ).read_bytes()


def test_the_folder_of_pngs(root):
    """VOC's masks, over those of SBD; grey."""
    voc, cls = root / "VOCdevkit" / "VOC2012", root / "benchmark_RELEASE" / "dataset" / "cls"
    paths = list((voc / "SegmentationClassAug").iterdir())
    assert len(paths) == 6 + 5 + 4
    for path in paths:
        image = Image.open(path)
        assert image.mode == "L"
        of_voc = voc / "SegmentationClass" / path.name
        if of_voc.exists():
            expected = np.array(Image.open(of_voc))
        else:
            expected = scipy.io.loadmat(cls / f"{path.stem}.mat")["GTcls"]["Segmentation"][0][0]
        np.testing.assert_array_equal(np.array(image), expected)


def test_the_same_files(root, tmp_path):
    write_voc(str(tmp_path), 6, 5, 4, 1, image_size=_SIZE, seed=_SEED)
    write_sbd(str(tmp_path), image_size=_SIZE, seed=_SEED)
    for path in root.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / path.relative_to(root)).read_bytes()
