"""Edge map to ultrametric contour map: superpixels and the hierarchy of their unions.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik. Contour Detection and Hierarchical Image
Segmentation. TPAMI 2011, Sec. 4: watershed, then merging by mean boundary strength. The
transforms are higra's. Its re-weighting of boundaries by edge orientation is left out: with it
the pools were measurably worse (docs/architecture.md).
"""

import dataclasses

import cv2
import higra as hg
import numpy as np


@dataclasses.dataclass(frozen=True)
class Hierarchy:
    """Superpixels and the regions that merging them makes.

    Attributes:
        superpixels: int32 [H, W], values 0 .. R-1; each is connected.
        members: bool [V, R], the superpixels of every region; the first R regions are the
            superpixels themselves, larger ones follow by rising altitude, the image is last.
        altitudes: float32 [V], the boundary strength at which a region comes to be; 0 for
            superpixels.
    """

    superpixels: np.ndarray
    members: np.ndarray
    altitudes: np.ndarray


def ultrametric_contours(edges: np.ndarray, sigma: float, min_area: int) -> Hierarchy:
    """Builds the hierarchy of an edge map.

    Args:
        edges: float32 [H, W], edge strength.
        sigma: pixels of Gaussian blur before the watershed.
        min_area: pixels; smaller regions join the neighbour behind their weakest boundary.
    """
    height, width = edges.shape
    if height * width == 1:
        return _one_region(height, width)
    edges = cv2.GaussianBlur(edges.astype(np.float32), (0, 0), sigma)
    graph = hg.get_4_adjacency_graph((height, width))
    weights = hg.weight_graph(graph, edges, hg.WeightFunction.mean)
    tree, altitudes = hg.mean_pb_hierarchy(graph, weights, (height, width))
    if tree.num_vertices() == 1:  # no edges at all; higra crashes on simplifying such a tree
        return _one_region(height, width)
    tree, altitudes = hg.filter_small_nodes_from_tree(tree, altitudes, min_area)
    return _flatten(tree, altitudes)


def _one_region(height: int, width: int) -> Hierarchy:
    """The hierarchy of an image without edges."""
    superpixels = np.zeros((height, width), np.int32)
    return Hierarchy(superpixels, np.ones((1, 1), bool), np.zeros(1, np.float32))


def _flatten(tree: hg.Tree, altitudes: np.ndarray) -> Hierarchy:
    """Reads superpixels (what altitude 0 merges) and regions from a higra tree."""
    rag = hg.CptHierarchy.get_leaf_graph(tree)
    cut = hg.labelisation_horizontal_cut_from_threshold(tree, altitudes, 0)
    _, leaf_superpixel = np.unique(cut, return_inverse=True)
    superpixels = hg.rag_back_project_vertex_weights(rag, leaf_superpixel).astype(np.int32)
    num_superpixels = int(leaf_superpixel.max()) + 1
    members = np.zeros((tree.num_vertices(), num_superpixels), bool)
    members[np.arange(tree.num_leaves()), leaf_superpixel] = True
    for node in range(tree.num_vertices() - 1):  # children come before their parents
        members[tree.parents()[node]] |= members[node]
    merged = np.flatnonzero(altitudes > 0)
    merged = merged[np.argsort(altitudes[merged], kind="stable")]
    singles = np.eye(num_superpixels, dtype=bool)
    return Hierarchy(
        superpixels.reshape(superpixels.shape[:2]),
        np.concatenate([singles, members[merged]]),
        np.concatenate([np.zeros(num_superpixels), altitudes[merged]]).astype(np.float32),
    )
