"""Fine superpixels of an edge map: watershed, then the weakest boundaries removed.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik. Contour Detection and Hierarchical Image
Segmentation. TPAMI 2011, Sec. 4: watershed, then merging by mean boundary strength. The
transforms are higra's. Its re-weighting of boundaries by edge orientation is left out: with it
the pools were measurably worse (docs/architecture.md).
"""

import cv2
import higra as hg
import numpy as np

_ROUNDING = 1e-5  # weaker boundaries are rounding's: plain areas have no edges


def fine_superpixels(
    edges: np.ndarray, sigma: float, min_area: int, max_superpixels: int
) -> np.ndarray:
    """Cuts an image along its edges.

    Args:
        edges: float32 [H, W], edge strength.
        sigma: pixels of Gaussian blur before the watershed.
        min_area: pixels; smaller regions join the neighbour behind their weakest boundary.
        max_superpixels: the limit; the weakest boundaries go first.

    Returns:
        int32 [H, W], values 0 .. R-1, each occurs and is connected (through four neighbours).
    """
    shape = edges.shape
    if edges.size == 1:
        return np.zeros(shape, np.int32)
    edges = cv2.GaussianBlur(edges.astype(np.float32), (0, 0), sigma)
    graph = hg.get_4_adjacency_graph(shape)
    weights = hg.weight_graph(graph, edges, hg.WeightFunction.mean)
    tree, altitudes = hg.mean_pb_hierarchy(graph, weights, shape)
    if tree.num_vertices() == 1:  # no edges at all; higra crashes on simplifying such a tree
        return np.zeros(shape, np.int32)
    tree, altitudes = hg.filter_small_nodes_from_tree(tree, altitudes, min_area)
    # In a binary tree the n highest merges separate n + 1 regions.
    merges = np.sort(altitudes[tree.num_leaves() :])[::-1]
    threshold = merges[max_superpixels - 1] if merges.size >= max_superpixels else 0.0
    cut = hg.labelisation_horizontal_cut_from_threshold(tree, altitudes, max(threshold, _ROUNDING))
    _, labels = np.unique(cut, return_inverse=True)
    rag = hg.CptHierarchy.get_leaf_graph(tree)
    return hg.rag_back_project_vertex_weights(rag, labels).astype(np.int32).reshape(shape)
