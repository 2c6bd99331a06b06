"""scg: singlescale combinatorial grouping, the fast variant of mcg.

J. Pont-Tuset et al., TPAMI 2017, Sec. 3 and 5: one edge map, one hierarchy, its regions and
their combinations.
"""

import dataclasses

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.combinatorial.grouping import GroupingOptions, group
from boxsup_tf.proposals.combinatorial.ranking import load_ranker
from boxsup_tf.proposals.downscale import propose_at_most
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options(GroupingOptions):
    """Options of scg."""

    max_candidates: int = option(2000, at_least=1)


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """Ranked combinations of the regions of one hierarchy, with the properties of mcg's."""

    def grouped(image: np.ndarray) -> CandidatePool:
        strength = edges.detect_edges(image, options.edges, options.edge_model)
        return group(image, strength[None], options, load_ranker("scg", options.edges), "scg")

    return propose_at_most(inputs.image, options.max_pixels, grouped)
