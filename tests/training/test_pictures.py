"""training.pictures: which examples are followed."""

import dataclasses
import os

import numpy as np
import pytest

from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.pictures import Pictures, all_kept_masks, kept_masks
from boxsup_tf.training.sources import empty_labelling, load_sources
from tests.models.segmenters import make_segmenter
from tests.training.folders import CLASS_NAMES, make_example, rectangles, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    """Images `a` of two objects, one of them difficult, `b` of two, and `c` of three crowds."""
    box, examples = [4, 4, 20, 20], []
    for name, crowds, difficult in (("c", 3, 0), ("a", 0, 1), ("b", 0, 0)):
        num = max(crowds, 2)
        examples.append(
            dataclasses.replace(
                make_example(name, 0),
                boxes=np.array([box] * num, np.float32),
                labels=np.ones(num, int),
                difficult=np.arange(num) < difficult,
                truncated=np.zeros(num, bool),
                is_crowd=np.arange(num) < crowds,
            )
        )
    return write(tmp_path_factory.mktemp("pictures") / "data", examples, rectangles)


@pytest.fixture(scope="module")
def segmenter():
    return make_segmenter(CLASS_NAMES, 0.05)


@pytest.mark.parametrize(
    ("number", "difficult", "followed"),
    [(3, "learn", "ab"), (1, "ignore", "b"), (0, "learn", "")],
)
def test_ignored_boxes_make_no_example_worth_showing(
    folder, segmenter, tmp_path, number, difficult, followed
):
    sources = load_sources(f"{folder}:box")
    config = TrainConfig("", num_pictures=number, difficult=difficult)
    Pictures(str(tmp_path), segmenter, sources, empty_labelling(sources), config).show(0)
    shown = sorted(path.name for path in tmp_path.rglob("*.png"))
    assert shown == [f"0_{name}_update_0000.png" for name in followed]
    for name in "abc":
        path = str(tmp_path / "pseudo_masks" / f"0_{name}_update_0000.png")
        assert kept_masks(str(tmp_path), f"0/{name}") == ({0: path} if name in followed else {})


def test_ids_with_slashes_keep_their_masks_apart(segmenter, tmp_path):
    names = ("a/b", "a_b", "a%2Fb")
    examples = [make_example(name, i) for i, name in enumerate(names)]
    sources = load_sources(f"{write(tmp_path / 'data', examples, rectangles)}:box")
    config = TrainConfig("", num_pictures=3)
    Pictures(str(tmp_path), segmenter, sources, empty_labelling(sources), config).show(0)
    paths = [kept_masks(str(tmp_path), f"0/{name}")[0] for name in names]
    assert len({*paths}) == 3 and all(map(os.path.exists, paths))
    assert sorted(all_kept_masks(str(tmp_path))) == sorted(
        zip(names, ([p] for p in paths), strict=True)
    )
