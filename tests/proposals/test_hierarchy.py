"""proposals.hierarchy: superpixels and the regions that merging them makes."""

import cv2
import higra as hg
import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.proposals.hierarchy import Hierarchy, ultrametric_contours


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
    "1 x 1": _edges("noise", 1, 1),
    "1 x 2": _edges("noise", 1, 2),
    "1 x 30": _edges("noise", 1, 30),
    "30 x 1": _edges("noise", 30, 1),
    "2 x 2": _edges("noise", 2, 2),
    "3 x 3": _edges("noise", 3, 3),
    "2 x 30": _edges("noise", 2, 30),
}


def _check(hierarchy: Hierarchy, min_area: int) -> None:
    """What every hierarchy promises."""
    superpixels, members = hierarchy.superpixels, hierarchy.members
    num_regions, num_superpixels = members.shape
    sizes = np.bincount(superpixels.ravel(), minlength=num_superpixels)
    assert superpixels.dtype == np.int32 and members.dtype == bool
    assert len(sizes) == num_superpixels and sizes.all()
    for label in range(num_superpixels):
        assert ndimage.label(superpixels == label)[1] == 1
    np.testing.assert_array_equal(members[:num_superpixels], np.eye(num_superpixels, dtype=bool))
    assert members[-1].all()
    assert len(np.unique(members, axis=0)) == num_regions, "a region occurs twice"
    # Any two regions are disjoint or nested.
    counts = members.astype(np.int64)
    common = counts @ counts.T
    smaller = np.minimum.outer(np.diag(common), np.diag(common))
    assert ((common == 0) | (common == smaller)).all()
    altitudes = hierarchy.altitudes
    assert altitudes.shape == (num_regions,) and altitudes.dtype == np.float32
    assert (altitudes[:num_superpixels] == 0).all() and (altitudes[num_superpixels:] > 0).all()
    assert (np.diff(altitudes) >= 0).all()
    assert num_superpixels == 1 or sizes.min() >= min_area


@pytest.mark.parametrize("min_area", [1, 40])
@pytest.mark.parametrize("case", CASES)
def test_is_a_hierarchy_of_connected_superpixels(case, min_area):
    hierarchy = ultrametric_contours(CASES[case], 1.0, min_area)
    assert hierarchy.superpixels.shape == CASES[case].shape
    _check(hierarchy, min_area)


@pytest.mark.parametrize("case", ["smooth", "noise"])
def test_regions_are_connected_and_the_same_every_time(case):
    hierarchy = ultrametric_contours(CASES[case], 1.0, 20)
    assert len(hierarchy.members) > 5
    for members in hierarchy.members:
        assert ndimage.label(members[hierarchy.superpixels])[1] == 1
    again = ultrametric_contours(CASES[case].copy(), 1.0, 20)
    for name in ("superpixels", "members", "altitudes"):
        np.testing.assert_array_equal(getattr(hierarchy, name), getattr(again, name))


def test_no_edges_are_one_region():
    for value in (0.0, 0.5):
        hierarchy = ultrametric_contours(np.full((20, 30), value, np.float32), 1.0, 10)
        assert hierarchy.members.shape == (1, 1)


@pytest.mark.parametrize("shape", [(1, 41), (41, 1)])
def test_a_line_of_pixels_keeps_the_strength_of_its_edges(shape):
    edges = np.zeros(41, np.float32)
    edges[20] = 1
    hierarchy = ultrametric_contours(edges.reshape(shape), 1.0, 5)
    assert hierarchy.members.shape == (3, 2)
    assert hierarchy.altitudes[2] == pytest.approx(0.3, abs=0.1)


def _grid(strengths: tuple[float, float]) -> np.ndarray:
    """Four quarters: a horizontal ridge and a vertical one of these strengths."""
    edges = np.zeros((121, 121), np.float32)
    edges[:, 60] = strengths[1]
    edges[60, :] = strengths[0]
    return edges


def test_weak_boundaries_fall_before_strong_ones():
    hierarchy = ultrametric_contours(_grid((0.9, 0.3)), 1.0, 40)
    assert hierarchy.members.shape == (7, 4)
    top_left, top_right, bottom_left, bottom_right = (
        hierarchy.superpixels[y, x] for y in (20, 100) for x in (20, 100)
    )
    halves = {tuple(np.flatnonzero(m)) for m in hierarchy.members[4:6]}
    assert halves == {
        tuple(sorted(pair)) for pair in ((top_left, top_right), (bottom_left, bottom_right))
    }
    # Not quite 3: where the ridges cross, the weak one is strong too.
    weak, strong = hierarchy.altitudes[5], hierarchy.altitudes[6]
    assert strong == pytest.approx(3 * weak, rel=0.15)


def _ridge(degrees: float, size: int = 61) -> np.ndarray:
    """A straight ridge through the centre, `degrees` from the x axis towards the y axis."""
    y, x = np.mgrid[:size, :size] - size // 2
    angle = np.deg2rad(degrees)
    across = np.cos(angle) * y - np.sin(angle) * x
    return np.exp(-((across / 1.5) ** 2) / 2).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90, 110, 135, 160])
def test_a_straight_ridge_keeps_its_strength(degrees):
    edges = _ridge(degrees)
    graph = hg.get_4_adjacency_graph(edges.shape)
    smooth = cv2.GaussianBlur(edges, (0, 0), 1.0)
    weights = hg.weight_graph(graph, smooth, hg.WeightFunction.mean)
    strength = hg.oriented_watershed(graph, weights, edges.shape)[1].max()
    hierarchy = ultrametric_contours(edges, 1.0, 100)
    assert hierarchy.members.shape == (3, 2)
    assert hierarchy.altitudes[2] == pytest.approx(strength, rel=0.05)


def test_altitudes_are_those_at_which_higra_merges_neighbours():
    """A region's altitude is higra's saliency of the boundary that it removes."""
    edges = CASES["smooth"]
    hierarchy = ultrametric_contours(edges, 1.0, 1)
    smooth = cv2.GaussianBlur(edges, (0, 0), 1.0)
    graph = hg.get_4_adjacency_graph(edges.shape)
    source, target = graph.edge_list()
    weights = hg.weight_graph(graph, smooth, hg.WeightFunction.mean)
    saliency = hg.saliency(*hg.mean_pb_hierarchy(graph, weights, edges.shape))
    cells = hierarchy.superpixels.ravel()
    for edge in np.random.default_rng(1).choice(graph.num_edges(), 300, replace=False):
        both = hierarchy.members[:, cells[source[edge]]] & hierarchy.members[:, cells[target[edge]]]
        merged = np.flatnonzero(both)[0]  # the first region that holds both pixels
        assert hierarchy.altitudes[merged] == pytest.approx(saliency[edge], abs=1e-6)
