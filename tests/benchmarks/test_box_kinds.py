"""benchmarks/box_kinds.py: of which kind a box is, and how right its candidate is."""

import dataclasses

import box_kinds
import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records.example import Example
from tests.training.folders import make_example, rectangles, write

# Two cats that meet, a dog that meets a box of no class, and boxes that meet none.
_BOXES = np.array(
    [
        *([0, 0, 10, 10], [9, 9, 20, 20], [30, 30, 40, 40], [35, 35, 50, 50]),
        *([60, 0, 70, 10], [60, 20, 80, 40], [50, 60, 100, 100], [10, 40, 20, 50]),
    ],
    float,
)
_LABELS = np.array([1, 1, 2, 0, 1, 1, 2, 2])


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "meeting another box of its class"),
        (1, "meeting another box of its class"),
        (2, "meeting boxes of other classes alone"),
        (4, "meeting none, 1 to 4 %"),  # exactly one in a hundred
        (5, "meeting none, 4 to 16 %"),
        (6, "meeting none, 16 to 40 %"),
    ],
)
def test_kinds(number, expected):
    found = box_kinds.kind(number, _BOXES.astype(int), _LABELS, 100 * 100)
    assert found == expected and found in box_kinds.KINDS


def test_the_limits_are_of_the_image():
    window = np.array([[0, 0, 10, 10]])
    kinds = [box_kinds.kind(0, window, np.array([1]), pixels) for pixels in (20_000, 200)]
    assert kinds == ["meeting none, under 1 %", "meeting none, above 40 %"]


def test_boxes_that_share_an_edge_do_not_meet():
    windows = np.array([[0, 0, 10, 10], [0, 10, 10, 20]])
    assert box_kinds.kind(0, windows, np.array([1, 1]), 10_000) == "meeting none, 1 to 4 %"


def _example(mask: np.ndarray, boxes: list[list[float]], labels: list[int]) -> Example:
    example = make_example("image", 0, boxes=False)
    height, width = mask.shape
    none = np.zeros(len(boxes), bool)
    return dataclasses.replace(
        example,
        **{"height": height, "width": width, "mask": mask, "boxes": np.array(boxes)},
        **{"labels": np.array(labels), "difficult": none, "truncated": none, "is_crowd": none},
    )


def test_iou_is_of_the_known_pixels_inside_the_box():
    mask = np.zeros((20, 20), np.uint8)
    mask[2:8, 2:8] = 1  # 36 pixels, of which a row of 6 is not known
    mask[2, 2:8] = VOID
    masks = np.zeros((2, 20, 20), bool)
    masks[0, 2:8, 2:12] = True  # fits the box best; reaches out of it
    masks[1, 15:18, 15:18] = True
    pool = CandidatePool.from_masks(masks, "two")
    example = _example(mask, [[2, 2, 8, 9], [0, 0, 20, 20]], [1, 0])
    [box] = box_kinds.measure(example, [pool, pool])
    assert box.kind == "meeting boxes of other classes alone"  # the other one is of no class
    assert box.side == 6
    assert box.ious == [30 / 36] * 2  # the pixel beside the row that is not known is background


def test_folders_of_the_same_images(tmp_path):
    examples = [make_example(f"image{i}", i) for i in range(4)]
    one = write(tmp_path / "one", examples, rectangles)
    first = write(tmp_path / "first", examples[:2], rectangles)
    second = write(tmp_path / "second", examples[2:], rectangles)
    rows = np.array([box.ious for box in box_kinds.measure_folders([one, f"{first}+{second}"])])
    assert len(rows) == sum(len(example.labels) for example in examples)
    np.testing.assert_array_equal(rows[:, 0], rows[:, 1])
    with pytest.raises(InputError, match=r"second\+.*first: has image2: expected image0, as in"):
        list(box_kinds.measure_folders([one, f"{second}+{first}"]))
    with pytest.raises(InputError, match="first: has fewer images: expected as many"):
        list(box_kinds.measure_folders([one, first]))
    bare = write(tmp_path / "bare", examples, None)
    with pytest.raises(InputError, match="bare: image0 has no candidates: expected"):
        list(box_kinds.measure_folders([one, bare]))
