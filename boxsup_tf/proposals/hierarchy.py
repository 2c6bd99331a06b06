"""Edge map to ultrametric contour map: superpixels and the hierarchy of their unions.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik. Contour Detection and Hierarchical Image
Segmentation. TPAMI 2011, Sec. 4 (oriented watershed transform, then merging by mean boundary
strength). The transforms are higra's.
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
        return Hierarchy(np.zeros((1, 1), np.int32), np.ones((1, 1), bool), np.zeros(1, np.float32))
    edges = cv2.GaussianBlur(edges.astype(np.float32), (0, 0), sigma)
    graph = hg.get_4_adjacency_graph((height, width))
    weights = hg.weight_graph(graph, edges, hg.WeightFunction.mean)
    # Of a graph edge's two pixels the stronger one knows the direction; a mean of angles
    # would be neither's.
    source, target = graph.edge_list()
    flat, angles = edges.ravel(), _orientation(edges).ravel()
    orientations = np.where(flat[source] >= flat[target], angles[source], angles[target])
    tree, altitudes = hg.mean_pb_hierarchy(graph, weights, (height, width), orientations)
    tree, altitudes = hg.filter_small_nodes_from_tree(tree, altitudes, min_area)
    return _flatten(tree, altitudes)


def _orientation(edges: np.ndarray) -> np.ndarray:
    """float32 [H, W]: direction across the ridge of an edge map, radians in 0 .. pi.

    Across a ridge the edge map bends down most: the direction of the Hessian's smallest
    eigenvalue.
    """
    if min(edges.shape) == 1:
        return np.zeros_like(edges)
    dy, dx = np.gradient(cv2.GaussianBlur(edges, (0, 0), 1.0))
    dyy, dyx = np.gradient(dy)
    dxx = np.gradient(dx, axis=1)
    return np.mod(0.5 * np.arctan2(-2 * dyx, dyy - dxx), np.pi).astype(np.float32)


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
