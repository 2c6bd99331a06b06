"""Class weights, against pixels that are counted by hand."""

import dataclasses

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID
from boxsup_tf.training.class_weights import class_weights
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.sources import load_sources
from tests.training.folders import CLASS_NAMES, make_example, scattered, write

_NUM_CLASSES = len(CLASS_NAMES)


@pytest.fixture(scope="module")
def examples():
    """Every class is in some image; class 3 in the first alone."""
    made = [make_example(f"image{i}", i) for i in range(3)]
    for example in made[1:]:
        example.mask[example.mask == 3] = 0
    return made


@pytest.fixture(scope="module")
def sources(examples, tmp_path_factory):
    return load_sources(f"{write(tmp_path_factory.mktemp('weights') / 'm', examples, None)}:mask")


def _weights(kind, sources):
    return class_weights(TrainConfig("", class_weights=kind), sources, _NUM_CLASSES)


@pytest.mark.parametrize("kind", ["inverse", "median", "1,2,0,4"])
def test_weights_follow_the_masks(examples, sources, kind):
    masks = [example.mask for example in examples]
    pixels = np.array([sum((mask == c).sum() for mask in masks) for c in range(_NUM_CLASSES)])
    if kind == "inverse":
        expected = 1 / pixels
    elif kind == "median":
        known = [
            sum((mask != VOID).sum() for mask in masks if (mask == c).any())
            for c in range(_NUM_CLASSES)
        ]
        expected = np.median(pixels / known) / (pixels / known)
    else:
        expected = np.array([1.0, 2.0, 0.0, 4.0])
    found = _weights(kind, sources)
    np.testing.assert_allclose(found / found[0], expected / expected[0], rtol=1e-5)
    assert (found * pixels).sum() / pixels.sum() == pytest.approx(1)


def test_of_boxes_rectangles_are_counted(examples, tmp_path):
    without = [dataclasses.replace(example, mask=None) for example in examples[:1]]
    sources = load_sources(f"{write(tmp_path / 'boxes', without, scattered)}:box")
    found = _weights("inverse", sources)
    (example,) = without
    painted = np.zeros((example.height, example.width), int)
    areas = [(y1 - y0) * (x1 - x0) for y0, x0, y1, x1 in example.boxes]
    for i in np.argsort(areas)[::-1]:
        top, left, bottom, right = example.boxes[i].astype(int)
        painted[top:bottom, left:right] = VOID if example.is_crowd[i] else example.labels[i]
    pixels = np.array([(painted == c).sum() for c in range(_NUM_CLASSES)])
    expected = np.divide(1.0, pixels, where=pixels > 0, out=np.zeros(_NUM_CLASSES))
    np.testing.assert_allclose(found / found[0], expected / expected[0], rtol=1e-5)


def test_none_is_no_weights_and_what_does_not_fit_is_refused(sources):
    assert _weights("none", sources) is None
    with pytest.raises(InputError, match="--class_weights=1,2: expected 4 numbers"):
        _weights("1,2", sources)
    for wrong in ("often", "1,-2", "1,,2", "nan,1", "inf"):
        with pytest.raises(InputError, match=f"--class_weights={wrong}: expected one of none, inv"):
            _weights(wrong, sources)
    with pytest.raises(InputError, match="--class_weights=0,0,0,0: expected one above 0"):
        _weights("0,0,0,0", sources)
