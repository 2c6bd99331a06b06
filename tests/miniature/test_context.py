"""miniature.context: the layouts of both releases of PASCAL-Context."""

import json

import numpy as np
import scipy.io
from pycocotools import mask as mask_utils

from boxsup_tf.labels import CONTEXT_CLASSES
from boxsup_tf.miniature.context import CLASS_CATEGORIES, write_context


def test_the_published_numbers():
    """The 459 names are in the order of the alphabet, and so must be those of the 59 be."""
    assert len(set(CLASS_CATEGORIES)) == 59
    assert min(CLASS_CATEGORIES) >= 1 and max(CLASS_CATEGORIES) <= 459
    by_number = sorted(zip(CLASS_CATEGORIES, CONTEXT_CLASSES[1:], strict=True))
    assert [name for _, name in by_number] == sorted(CONTEXT_CLASSES[1:])


def test_both_releases_hold_the_same_categories(tmp_path):
    write_context(str(tmp_path), 4, 2, image_size=72, seed=1)
    dataset = json.loads((tmp_path / "pascal-context" / "trainval_merged.json").read_text())
    assert len(dataset["categories"]) == 459
    assert [image["phase"] for image in dataset["images"]] == ["train"] * 4 + ["val"] * 2
    for image in dataset["images"]:
        stem = image["file_name"].removesuffix(".jpg")
        assert image["image_id"] == int(stem[:4] + stem[5:])
        path = tmp_path / "pascal-context" / "trainval" / f"{stem}.mat"
        label_map = scipy.io.loadmat(path)["LabelMap"]
        assert label_map.dtype == np.uint16 and label_map.min() >= 1  # every pixel has a category
        assert label_map.shape == (image["height"], image["width"])
        painted = np.zeros_like(label_map)
        for annotation in dataset["annos_segmentation"]:
            if annotation["image_id"] == image["image_id"]:
                painted[mask_utils.decode(annotation["segmentation"]) > 0] = annotation[
                    "category_id"
                ]
        np.testing.assert_array_equal(painted, label_map)


def test_a_seed_gives_the_same_files(tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_context(str(tmp_path / name), 2, 1, image_size=64, seed=seed)
    paths = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")]
    assert len(paths) == 3 + 3 + 3 + 2 + 1  # images, label maps, lists, names, JSON
    for path in paths:
        content = (tmp_path / "one" / path).read_bytes()
        assert (tmp_path / "same" / path).read_bytes() == content
        if path.suffix != ".txt":
            assert (tmp_path / "other" / path).read_bytes() != content
