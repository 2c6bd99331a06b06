"""boxes, against pycocotools and brute force."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from boxsup_tf import boxes as box_ops


def _random_boxes(rng: np.random.Generator, num: int) -> np.ndarray:
    corners = rng.integers(0, 40, (num, 2, 2))
    low, high = corners.min(axis=1), corners.max(axis=1) + 1
    return np.concatenate([low, high], axis=1).astype(np.float64)


def _to_xywh(boxes: np.ndarray) -> np.ndarray:
    ymin, xmin, ymax, xmax = boxes.T
    return np.stack([xmin, ymin, xmax - xmin, ymax - ymin], axis=1)


def test_iou_agrees_with_pycocotools():
    rng = np.random.default_rng(0)
    a, b = _random_boxes(rng, 30), _random_boxes(rng, 20)
    expected = mask_utils.iou(_to_xywh(a), _to_xywh(b), [0] * len(b))
    np.testing.assert_allclose(box_ops.pairwise_iou_yxyx(a, b), expected, atol=1e-6)


def test_iou_of_integer_boxes_and_of_nothing():
    same = np.array([[1, 2, 5, 9]], np.int32)
    assert box_ops.pairwise_iou_yxyx(same, same).numpy() == [[1.0]]
    empty = np.array([[3, 3, 3, 3]], np.int32)
    assert box_ops.pairwise_iou_yxyx(empty, empty).numpy() == [[0.0]]
    assert box_ops.pairwise_iou_yxyx(np.zeros((0, 4)), same).shape == (0, 1)


def test_boxes_that_touch_do_not_overlap():
    left, right = np.array([[0, 0, 4, 4]]), np.array([[0, 4, 4, 8]])
    assert box_ops.pairwise_iou_yxyx(left, right).numpy() == [[0.0]]


@pytest.mark.parametrize(
    ("box", "area"),
    [([0, 0, 3, 5], 15.0), ([2, 2, 2, 9], 0.0), ([5, 5, 1, 1], 0.0), ([0.5, 0, 1, 1], 0.5)],
)
def test_area(box, area):
    assert box_ops.area_yxyx(np.array(box)).numpy() == area


def test_inside_is_the_filled_rectangle():
    boxes = _random_boxes(np.random.default_rng(1), 25)
    inside = box_ops.inside_yxyx(boxes, 41, 43).numpy()
    for (ymin, xmin, ymax, xmax), pixels in zip(boxes.astype(int), inside, strict=True):
        expected = np.zeros((41, 43), bool)
        expected[ymin:ymax, xmin:xmax] = True
        np.testing.assert_array_equal(pixels, expected)


def test_inside_counts_a_pixel_by_its_centre():
    # Rows: 0.5 <= y + 0.5 < 2.5 holds for 0 and 1; columns: 0.6 <= x + 0.5 for 1 and above.
    inside = box_ops.inside_yxyx(np.array([[0.5, 0.6, 2.5, 9.0]]), 4, 3).numpy()[0]
    np.testing.assert_array_equal(np.argwhere(inside), [[0, 1], [0, 2], [1, 1], [1, 2]])


def test_tight_box_agrees_with_pycocotools():
    rng = np.random.default_rng(2)
    for _ in range(20):
        mask = rng.random((17, 23)) < 0.01
        mask[rng.integers(17), rng.integers(23)] = True
        x, y, w, h = mask_utils.toBbox(mask_utils.encode(np.asfortranarray(mask, np.uint8)))
        box = box_ops.tight_box_yxyx(mask)
        assert box.dtype == np.int32
        np.testing.assert_array_equal(box, [y, x, y + h, x + w])


def test_an_empty_mask_has_no_tight_box():
    with pytest.raises(ValueError, match="empty mask"):
        box_ops.tight_box_yxyx(np.zeros((3, 3), bool))
