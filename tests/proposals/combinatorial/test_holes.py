"""combinatorial.holes against SciPy's filling of one mask at a time."""

import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.proposals.combinatorial.holes import fill_holes
from boxsup_tf.proposals.combinatorial.partition import build_partition
from tests.proposals.combinatorial.made_up import make_partition, random_members, row


@pytest.mark.parametrize("num", [1, 7, 8, 9, 40])
@pytest.mark.parametrize("seed", [0, 1])
def test_holes_are_those_that_scipy_fills(seed, num):
    partition = make_partition(seed, 26, 31, 2)
    members = random_members(seed, num, partition)
    filled = fill_holes(members, partition)
    assert filled.dtype == np.bool_
    num_changed = 0
    for before, after in zip(members, filled, strict=True):
        expected = ndimage.binary_fill_holes(before[partition.superpixels])
        np.testing.assert_array_equal(after[partition.superpixels], expected)
        num_changed += bool((before != after).any())
    assert num < 40 or 5 < num_changed < 40


def test_a_hole_far_from_the_border_is_reached_through_a_spiral():
    """Only a long way through the graph tells that the middle is open."""
    spiral = np.zeros((21, 21), bool)
    y, x, step = 0, 0, [(0, 1), (1, 0), (0, -1), (-1, 0)]
    for turn, length in enumerate([20, 20, 20, 18, 18, 16, 16, 14, 14, 12, 12, 10, 10, 8, 8]):
        dy, dx = step[turn % 4]
        for _ in range(length):
            spiral[y, x] = True
            y, x = y + dy, x + dx
    pixels = np.arange(spiral.size, dtype=np.int32).reshape(spiral.shape)
    image, edges = np.zeros((21, 21, 3), np.uint8), np.zeros((1, 21, 21), np.float32)
    partition = build_partition(pixels, image, edges)
    members = np.stack([spiral.ravel(), spiral.ravel()])
    members[1, pixels[1, 0]] = True  # closes its mouth
    filled = fill_holes(members, partition)
    for before, after in zip(members, filled, strict=True):
        expected = ndimage.binary_fill_holes(before[pixels])
        np.testing.assert_array_equal(after[pixels], expected)
    np.testing.assert_array_equal(filled[0], members[0])
    assert filled[1].sum() > members[1].sum() + 50


@pytest.mark.parametrize("num", [1, 2])
def test_one_and_two_superpixels_have_no_holes(num):
    partition = row([3] * num, [0.5] * (num - 1), 2)
    members = np.concatenate([np.eye(num, dtype=bool), np.ones((1, num), bool)])
    np.testing.assert_array_equal(fill_holes(members, partition), members)
