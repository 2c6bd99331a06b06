"""data.mending: which boxes are usable."""

import math

import numpy as np
import pytest

from boxsup_tf.boxes import inside_yxyx
from boxsup_tf.data.coco.reader import CocoReader
from boxsup_tf.data.mending import BOX_CLIPPED, BOX_LEFT_OUT, NO_PIXEL, usable_box
from tests.data.tiny import HEIGHT, WIDTH


@pytest.mark.parametrize(
    ("box", "expected", "kind"),
    [
        ((2, 3, 9, 20.5), (2, 3, 9, 20.5), None),
        ((-0.5, 3, 9, WIDTH + 0.9), (0, 3, 9, WIDTH), None),
        ((-1, 3, 9, 20), (0, 3, 9, 20), BOX_CLIPPED),
        ((9, 3, 9, 20), None, BOX_LEFT_OUT),
        ((math.nan, 3, 9, 20), None, BOX_LEFT_OUT),
        ((5, 10.6, 8, 11.4), None, NO_PIXEL),
        ((5.51, 3, 6.5, 20), None, NO_PIXEL),
        ((5, 3, 9, 3.5), None, NO_PIXEL),
        ((5, -7, 9, 0.4), None, NO_PIXEL),
        ((5.5, 3.5, 5.6, 3.6), (5.5, 3.5, 5.6, 3.6), None),
    ],
)
def test_usable(box, expected, kind):
    notes: list[str] = []
    found = usable_box(box, HEIGHT, WIDTH, "object 1", notes)
    assert found == expected and len(notes) == (kind is not None)
    assert all(text.startswith(f"{kind}: object 1: [ymin ") for text in notes)


def test_a_box_is_usable_where_a_pixel_lies_in_it():
    random = np.random.default_rng(0)
    corners = np.round(random.uniform(0, 10, (500, 2)), 1)
    boxes = np.concatenate([corners, corners + random.uniform(0.01, 1.5, (500, 2))], axis=1)
    holds = inside_yxyx(boxes, HEIGHT, WIDTH).numpy().any(axis=(1, 2))
    usable = [usable_box(tuple(box), HEIGHT, WIDTH, "", []) is not None for box in boxes.tolist()]
    assert usable == holds.tolist() and 0 < holds.sum() < 500


def test_the_image_stays(coco):
    coco.annotate(18, [10.6, 5, 0.8, 3])
    coco.annotate(24, [2, 3, 20, 15])
    example = CocoReader(coco.save(), "train", "file")[0]
    assert example.labels.tolist() == [2]
    assert [text.partition(":")[0] for text in example.repairs] == [NO_PIXEL]
