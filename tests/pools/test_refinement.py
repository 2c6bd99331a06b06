"""pools.refinement: masks as superpixels and membership, against the definition."""

import numpy as np
import pytest

from boxsup_tf.pools.refinement import refine


def _masks(num: int, height: int, width: int, seed: int) -> np.ndarray:
    """Random rectangles with random holes, duplicates, an empty and a full mask among them."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((num, height, width), bool)
    for mask in masks:
        y, x = np.sort(rng.integers(0, height + 1, 2)), np.sort(rng.integers(0, width + 1, 2))
        mask[y[0] : y[1], x[0] : x[1]] = True
        mask &= rng.random(mask.shape) < rng.choice([0.5, 1.0])
    masks[num // 2] = masks[0]
    masks[num // 3] = False
    masks[num // 4] = True
    return masks


@pytest.mark.parametrize(("num", "height", "width"), [(5, 7, 9), (12, 1, 1), (40, 20, 30)])
def test_every_mask_is_the_union_of_its_cells_and_no_cell_is_too_many(num, height, width):
    for seed in range(5):
        masks = _masks(num, height, width, seed)
        superpixels, membership = refine(iter(masks), height, width)
        np.testing.assert_array_equal(membership[:, superpixels], masks)
        # A cell a distinct column of bits: what the common refinement is.
        cells = np.unique(masks.reshape(num, -1), axis=1).shape[1]
        assert membership.shape == (num, cells)
        assert np.unique(superpixels).tolist() == list(range(cells))
        assert superpixels.dtype == np.int32 and membership.dtype == bool


def test_cells_are_numbered_by_which_masks_they_are_in():
    masks = _masks(20, 30, 40, 1)
    superpixels, membership = refine(masks, 30, 40)
    distinct, cells = np.unique(masks.reshape(20, -1), axis=1, return_inverse=True)
    np.testing.assert_array_equal(membership, distinct)
    np.testing.assert_array_equal(superpixels, cells.reshape(30, 40))


def test_no_masks_are_one_cell():
    superpixels, membership = refine([], 3, 4)
    assert superpixels.tolist() == [[0] * 4] * 3 and membership.shape == (0, 1)
