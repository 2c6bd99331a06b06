"""proposals.box_crop: a box with its surroundings, there and back."""

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.box_crop import CropOptions, crop_box


def _coordinates(height: int, width: int) -> np.ndarray:
    """An image whose red is the row and whose green is the column."""
    y, x = np.mgrid[:height, :width]
    return np.stack([y, x, np.zeros_like(y)], axis=2).astype(np.uint8)


def test_a_small_box_is_cut_out_as_it_is():
    crop = crop_box(_coordinates(100, 120), np.array([40, 50, 80, 70]), CropOptions(0.25, 256))
    assert crop.image.shape == (40 + 2 * 10, 20 + 2 * 8, 3)  # a quarter, and at least 8 pixels
    assert crop.image[0, 0, :2].tolist() == [30, 42]
    np.testing.assert_array_equal(crop.image[crop.inside][[0, -1], :2], [[40, 50], [79, 69]])
    mask = np.random.default_rng(0).random(crop.inside.shape) < 0.5
    np.testing.assert_array_equal(crop.to_window(mask), mask[10:50, 8:28])


def test_the_surroundings_end_with_the_image():
    crop = crop_box(_coordinates(60, 50), np.array([0, 3, 60, 50]), CropOptions(0.5, 256))
    assert crop.image.shape == (60, 50, 3)
    assert crop.inside[:, 3:].all() and not crop.inside[:, :3].any()


def test_a_large_box_is_made_smaller_and_its_mask_larger_again():
    window = np.array([20, 40, 220, 240])
    crop = crop_box(_coordinates(255, 255), window, CropOptions(0.1, 64))
    assert max(crop.image.shape) == 64
    y, x = np.mgrid[:200, :200] - 99.5
    disc = y**2 + x**2 < 80**2
    rows, columns = (np.flatnonzero(crop.inside.any(axis=axis)) for axis in (1, 0))
    v, u = np.meshgrid(
        (np.arange(rows.size) + 0.5) / rows.size, (np.arange(columns.size) + 0.5) / columns.size
    )
    small = np.zeros(crop.inside.shape, bool)
    small[crop.inside] = ((v.T - 0.5) ** 2 + (u.T - 0.5) ** 2 < 0.4**2).ravel()
    back = crop.to_window(small)
    assert back.shape == (200, 200)
    assert (back & disc).sum() / (back | disc).sum() > 0.97


@pytest.mark.parametrize("max_side", [1, 2, 7, 300])
def test_there_is_always_a_pixel_inside_and_all_of_it_is_the_whole_box(max_side):
    rng = np.random.default_rng(max_side)
    for _ in range(200):
        height, width = rng.integers(1, 200, 2)
        low = rng.integers(0, [height, width])
        high = low + 1 + (rng.random(2) * ([height, width] - low - 1)).astype(int)
        options = CropOptions(float(rng.random()), max_side)
        crop = crop_box(_coordinates(height, width), np.concatenate([low, high]), options)
        assert max(crop.image.shape[:2]) <= max_side
        assert crop.image.shape[:2] == crop.inside.shape and crop.inside.any()
        assert crop.size == tuple(high - low)
        assert crop.to_window(crop.inside).all() and not crop.to_window(~crop.inside).any()
        assert crop.to_window(crop.inside).shape == crop.size


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"context": -0.1}, "--context=-0.1: expected"),
        ({"context": float("nan")}, "--context=nan"),
        ({"max_side": 0}, "--max_side=0: expected at least 1"),
        ({"min_share": 1.5}, "--min_share=1.5: expected a number in 0 .. 1"),
    ],
)
def test_a_bad_value_is_named(values, message):
    with pytest.raises(InputError, match=message):
        CropOptions(**values)
