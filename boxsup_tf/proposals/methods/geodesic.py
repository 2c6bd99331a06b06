"""geodesic: what lies near a seed, as far as strong boundaries.

P. Kraehenbuehl, V. Koltun. Geodesic Object Proposals. ECCV 2014. Seeds and backgrounds are placed
by rule; the paper's classifiers, which learn to place them, are left out.
"""

import dataclasses
import functools

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.combinatorial.duplicates import first_of_each, first_of_similar
from boxsup_tf.proposals.combinatorial.partition import build_partition
from boxsup_tf.proposals.downscale import propose_at_most
from boxsup_tf.proposals.geodesic import distances, level_sets
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.proposals.superpixels import SuperpixelOptions, fine_superpixels
from boxsup_tf.settings import option

_MAX_JACCARD = 0.9


@dataclasses.dataclass(frozen=True)
class Options(SuperpixelOptions):
    """Options of geodesic.

    Attributes:
        seeds: superpixels from which distance is measured; far from one another.
        levels: the most regions for each seed and background.
    """

    seeds: int = option(200, at_least=1)
    levels: int = option(8, at_least=1)


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """Level sets of the distances from seeds; the boxes are not used.

    Returns:
        Candidates ordered by the product of the places of seed, background and level set (the
        first seeds are far apart, the first levels precede the widest gaps), the whole image
        last. Each is connected (through the four neighbours of a pixel), no two have a Jaccard
        index above 0.9 (in the smaller copy, where there is one). They may have holes.
    """

    search = functools.partial(_regions, options=options)
    return propose_at_most(inputs.image, options.max_pixels, search)


def _regions(image: np.ndarray, options: Options) -> CandidatePool:
    strength = edges.detect_edges(image, options.edges, options.edge_model)
    superpixels = fine_superpixels(
        strength, options.sigma, options.min_area, options.max_superpixels
    )
    partition = build_partition(superpixels, image, strength[None])
    graph = distances.step_graph(partition)
    middle = superpixels[superpixels.shape[0] // 2, superpixels.shape[1] // 2]
    _, from_seeds = distances.place_seeds(graph, int(middle), options.seeds)
    whole = np.ones((1, partition.num_superpixels), bool)
    members, places = [], []
    for i, from_background in enumerate(distances.background_distances(graph, superpixels)):
        regions, seeds, ranks = level_sets.critical_level_sets(
            from_seeds - from_background, partition.areas, options.levels
        )
        members.append(regions)
        places.append((i + 1) * (seeds + 1) * (ranks + 1))
    order = np.argsort(np.concatenate(places), kind="stable")
    regions = np.concatenate([np.concatenate(members)[order], whole])
    regions = regions[first_of_each(regions)]
    regions = regions[first_of_similar(regions, partition.areas, _MAX_JACCARD)]
    return CandidatePool(superpixels, regions[: options.max_candidates], "geodesic")
