"""scg: the segments of one edge hierarchy at one scale.

The single-scale half of Combinatorial Grouping (J. Pont-Tuset, P. Arbelaez, J. Barron,
F. Marques, J. Malik. Multiscale Combinatorial Grouping. TPAMI 2017, Sec. 3), without the
combinations of regions: every region of the ultrametric contour map is a candidate.
"""

import importlib

import numpy as np

from boxsup_tf.candidates import CandidatePool
from boxsup_tf.proposals.hierarchy import ultrametric_contours
from boxsup_tf.proposals.options import ProposalOptions


def propose(image: np.ndarray, boxes: np.ndarray, options: ProposalOptions) -> CandidatePool:
    """All regions of the image's contour hierarchy; the boxes are not looked at.

    Args:
        image: uint8 [H, W, 3], RGB.
        boxes: not used.
        options: edge detector, blur and smallest region.
    """
    del boxes
    name = options.resolved().edges
    edges = importlib.import_module(f"boxsup_tf.proposals.edges.{name}").detect_edges(image)
    hierarchy = ultrametric_contours(edges, options.sigma, options.min_area)
    return CandidatePool(hierarchy.superpixels, hierarchy.members, "scg")
