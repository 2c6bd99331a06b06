"""mcg: multiscale combinatorial grouping, the candidates that BoxSup uses (Sec. 4).

J. Pont-Tuset, P. Arbelaez, J. Barron, F. Marques, J. Malik. Multiscale Combinatorial Grouping
for Image Segmentation and Object Proposal Generation. TPAMI 2017 (first P. Arbelaez et al.,
CVPR 2014). An independent implementation: docs/proposals.md lists where it differs from the paper.
"""

import dataclasses

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.combinatorial.grouping import GroupingOptions, group
from boxsup_tf.proposals.combinatorial.ranking import load_ranker
from boxsup_tf.proposals.downscale import propose_at_most
from boxsup_tf.proposals.proposal_input import ProposalInput


@dataclasses.dataclass(frozen=True)
class Options(GroupingOptions):
    """Options of mcg."""


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """Ranked combinations of the regions of seven hierarchies; the boxes are not used.

    Returns:
        The best candidate first; each connected, without holes, no two with an IoU above 0.95
        (it may be slightly higher where a large image was scaled down).
    """

    def grouped(image: np.ndarray) -> CandidatePool:
        maps = edges.detect_scales(image, options.edges, options.edge_model)
        return group(image, maps, options, load_ranker("mcg", options.edges), "mcg")

    return propose_at_most(inputs.image, options.max_pixels, grouped)
