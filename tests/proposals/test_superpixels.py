"""proposals.superpixels: fine superpixels of made-up edge maps."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.proposals.superpixels import fine_superpixels


def _edges(kind: str, height: int = 40, width: int = 50) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "constant":
        return np.full((height, width), 0.5, np.float32)
    if kind == "noise":
        return rng.random((height, width)).astype(np.float32)
    coarse = rng.random((6, 7)).astype(np.float32)
    return np.abs(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


CASES = {
    "smooth": _edges("smooth"),
    "noise": _edges("noise"),
    "constant": _edges("constant"),
    "nothing": np.zeros((20, 30), np.float32),
    "rounding": 1e-6 * _edges("noise"),
    "1 x 1": _edges("noise", 1, 1),
    "1 x 2": _edges("noise", 1, 2),
    "1 x 30": _edges("noise", 1, 30),
    "30 x 1": _edges("noise", 30, 1),
    "2 x 2": _edges("noise", 2, 2),
    "3 x 3": _edges("noise", 3, 3),
    "2 x 30": _edges("noise", 2, 30),
}


@pytest.mark.parametrize("most", [1, 2, 5, 800])
@pytest.mark.parametrize("min_area", [1, 40])
@pytest.mark.parametrize("case", CASES)
def test_superpixels_are_connected_large_enough_and_few_enough(case, min_area, most):
    edges = CASES[case]
    superpixels = fine_superpixels(edges, 1.0, min_area, most)
    assert superpixels.shape == edges.shape and superpixels.dtype == np.int32
    sizes = np.bincount(superpixels.ravel())
    assert sizes.all() and len(sizes) <= most
    assert len(sizes) == 1 or sizes.min() >= min_area
    for label in range(len(sizes)):
        assert ndimage.label(superpixels == label)[1] == 1
    if case in ("constant", "nothing", "rounding"):
        assert len(sizes) == 1
    np.testing.assert_array_equal(fine_superpixels(edges.copy(), 1.0, min_area, most), superpixels)


def test_as_many_superpixels_as_are_allowed_where_no_two_boundaries_are_alike():
    sharpest = fine_superpixels(CASES["noise"], 0.7, 1, 10_000)
    num = sharpest.max() + 1
    assert num > 100
    for most in (1, 2, 17, num - 1, num, num + 1):
        assert fine_superpixels(CASES["noise"], 0.7, 1, most).max() + 1 == min(most, num)


def test_fewer_superpixels_are_unions_of_more():
    many = fine_superpixels(CASES["noise"], 0.7, 1, 60)
    few = fine_superpixels(CASES["noise"], 0.7, 1, 12)
    for label in range(60):
        assert len(np.unique(few[many == label])) == 1


@pytest.mark.parametrize("shape", [(1, 41), (41, 1)])
def test_a_line_of_pixels_is_cut_at_its_edge(shape):
    edges = np.zeros(41, np.float32)
    edges[20] = 1
    superpixels = fine_superpixels(edges.reshape(shape), 1.0, 5, 800).ravel()
    assert superpixels.max() == 1
    assert abs(int(np.flatnonzero(np.diff(superpixels))[0]) - 20) <= 1


def _grid(horizontal: float, vertical: float) -> np.ndarray:
    """Four quarters, parted by ridges of these strengths."""
    edges = np.zeros((121, 121), np.float32)
    edges[:, 60] = vertical
    edges[60, :] = horizontal
    return edges


def test_the_weakest_boundaries_go_first():
    edges = _grid(0.9, 0.3)
    quarters = fine_superpixels(edges, 1.0, 40, 800)
    assert len({quarters[y, x] for y in (20, 100) for x in (20, 100)}) == 4
    assert quarters.max() == 3
    halves = fine_superpixels(edges, 1.0, 40, 2)
    assert halves[20, 20] == halves[20, 100] != halves[100, 20] == halves[100, 100]


def _ridge(degrees: float, size: int = 61) -> np.ndarray:
    """A straight ridge through the centre, `degrees` from the x axis towards the y axis."""
    y, x = np.mgrid[:size, :size] - size // 2
    angle = np.deg2rad(degrees)
    across = np.cos(angle) * y - np.sin(angle) * x
    return np.exp(-((across / 1.5) ** 2) / 2).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90, 110, 135, 160])
def test_a_straight_ridge_is_followed(degrees):
    superpixels = fine_superpixels(_ridge(degrees), 1.0, 100, 800)
    assert superpixels.max() == 1
    y, x = np.mgrid[:61, :61] - 30
    angle = np.deg2rad(degrees)
    one_side = np.cos(angle) * y - np.sin(angle) * x > 0
    agreement = (superpixels == one_side).mean()
    assert max(agreement, 1 - agreement) > 0.97


def test_blur_joins_what_noise_parts():
    counts = [fine_superpixels(CASES["noise"], s, 1, 10_000).max() + 1 for s in (0.5, 1, 2, 4)]
    assert counts == sorted(counts, reverse=True) and counts[0] > 3 * counts[-1]
