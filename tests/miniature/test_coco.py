"""miniature.coco: the layout of COCO 2014, and that the reader finds in it what was drawn."""

import json
import pathlib

import numpy as np
import pytest
from pycocotools.coco import COCO

from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.wrappers.joined import JoinedReader
from boxsup_tf.labels import COCO_CLASSES, VOC_CLASSES, coco_to_voc
from boxsup_tf.miniature.coco import CATEGORY_IDS, polygons, write_coco
from boxsup_tf.miniature.scene import OBJECT_NAMES, draw_scene

_SIZE, _SEED = 72, 4
_SPLITS = {"train2014": 8, "val2014": 7}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("coco")
    write_coco(str(path), *_SPLITS.values(), image_size=_SIZE, seed=_SEED)
    return path


def _annotation_file(folder: pathlib.Path, split: str) -> pathlib.Path:
    return folder / "annotations" / f"instances_{split}.json"


def test_the_official_ids():
    known = {"person": 1, "stop sign": 13, "parking meter": 14, "backpack": 27, "skis": 35}
    known |= {"wine glass": 46, "dining table": 67, "toilet": 70, "tv": 72, "book": 84}
    known |= {"toothbrush": 90, "bear": 23, "tie": 32, "bed": 65, "hair drier": 89}
    ids = dict(zip(COCO_CLASSES[1:], CATEGORY_IDS, strict=True))
    assert {name: ids[name] for name in known} == known


@pytest.mark.parametrize("split", _SPLITS)
def test_pycocotools_reads_it(folder, split, capsys):
    coco = COCO(str(_annotation_file(folder, split)))
    images = coco.loadImgs(coco.getImgIds())
    assert len(images) == _SPLITS[split] and len(coco.getCatIds()) == 80
    assert len(coco.getCatIds(supNms=["animal"])) == 10 and coco.getCatIds(["person"]) == [1]
    num_crowds = 0
    for image in images:
        assert image["file_name"] == f"COCO_{split}_{image['id']:012d}.jpg"
        scene = draw_scene(_SEED, image["file_name"].removesuffix(".jpg"), _SIZE)
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        instances = [a for a in annotations if not a["iscrowd"]]
        crowds = [a for a in annotations if a["iscrowd"]]
        num_crowds += len(crowds)
        covered = np.zeros(scene.owner.shape, int)
        for annotation in annotations:
            mask = coco.annToMask(annotation).astype(bool)
            covered += mask
            assert annotation["area"] == mask.sum()
            rows, columns = np.nonzero(mask)
            x, y, width, height = annotation["bbox"]
            assert (x, x + width) == (columns.min(), columns.max() + 1)
            assert (y, y + height) == (rows.min(), rows.max() + 1)
            name = coco_to_voc(coco.cats[annotation["category_id"]]["name"])
            assert {scene.names[k - 1] for k in np.unique(scene.owner[mask])} == {name}
        np.testing.assert_array_equal(covered, scene.owner > 0)
        names = [coco_to_voc(coco.cats[a["category_id"]]["name"]) for a in crowds]
        assert len(instances) == sum(name not in names for name in scene.names)
        assert all(isinstance(a["segmentation"]["counts"], list) for a in crowds)
    assert num_crowds == 2


@pytest.mark.parametrize(
    ("class_set", "class_names"), [("coco", COCO_CLASSES), ("voc", VOC_CLASSES)]
)
def test_the_reader_finds_what_was_drawn(folder, class_set, class_names):
    parts = [CocoReader(str(folder), split, class_set) for split in _SPLITS]
    reader = JoinedReader(parts, list(_SPLITS))
    assert len(reader) == len({example.source_id for example in reader}) == 15
    assert reader.class_names == class_names
    ours = {
        name if class_set == "voc" else coco_to_voc(name): i for i, name in enumerate(class_names)
    }
    seen = set()
    for example in reader:
        scene = draw_scene(_SEED, example.source_id, _SIZE)
        labels = np.array([0, *(ours[name] for name in scene.names)])
        crowds = example.labels[example.is_crowd]
        expected = labels[scene.owner]
        expected[np.isin(expected, crowds)] = 255
        np.testing.assert_array_equal(example.mask, expected)
        found = sorted(example.labels[~example.is_crowd])
        assert found == sorted(label for label in labels[1:] if label not in crowds)
        seen |= {*scene.names}
    assert seen == {*OBJECT_NAMES}


def test_a_seed_gives_the_same_files(folder, tmp_path):
    write_coco(str(tmp_path / "same"), *_SPLITS.values(), image_size=_SIZE, seed=_SEED)
    write_coco(str(tmp_path / "other"), *_SPLITS.values(), image_size=_SIZE, seed=_SEED + 1)
    paths = [path.relative_to(folder) for path in folder.rglob("*.*")]
    assert len(paths) == 17
    for path in paths:
        content = (folder / path).read_bytes()
        assert (tmp_path / "same" / path).read_bytes() == content
        assert (tmp_path / "other" / path).read_bytes() != content


def test_ids_are_unique_over_both_splits(folder):
    datasets = [json.loads(_annotation_file(folder, split).read_text()) for split in _SPLITS]
    for kind, number in (("images", 15), ("annotations", None)):
        ids = [record["id"] for dataset in datasets for record in dataset[kind]]
        assert len(ids) == len(set(ids)) == (number or len(ids)) > 10


def test_images_may_lie_in_a_folder_images(folder, tmp_path):
    (tmp_path / "annotations").symlink_to(folder / "annotations")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "train2014").symlink_to(folder / "train2014")
    assert CocoReader(str(tmp_path), "train2014")[0].mask.shape[0] > 0


def test_polygons_go_round_every_pixel():
    rng = np.random.default_rng(0)
    image = {"id": 1, "height": 20, "width": 30}
    for _ in range(20):
        region = np.zeros((20, 30), bool)
        for _ in range(3):
            y, x = rng.integers(0, (16, 26))
            region[y : y + rng.integers(1, 8), x : x + rng.integers(1, 8)] = True
        coco = COCO()
        coco.imgs = {1: image}
        outlines = polygons(region)
        mask = coco.annToMask({"image_id": 1, "segmentation": outlines}).astype(bool)
        # Holes are filled, as in COCO.
        assert (mask | region == mask).all()
        assert (mask ^ region).sum() <= 0.1 * region.sum()
