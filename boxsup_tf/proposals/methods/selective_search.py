"""selective_search: regions grouped by colour, texture, size and fill, with their masks.

J. Uijlings, K. van de Sande, T. Gevers, A. Smeulders. Selective Search for Object Recognition.
IJCV 2013. OpenCV's own gives boxes only. Differences from the paper: all segmentations share one
set of superpixels, texture is that of RGB in every colour space, and near-duplicates are dropped.
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool, superpixel_boxes_yxyx
from boxsup_tf.proposals import region_graph
from boxsup_tf.proposals.combinatorial.duplicates import first_of_each, first_of_similar
from boxsup_tf.proposals.combinatorial.merging import node_members
from boxsup_tf.proposals.downscale import propose_at_most
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.proposals.prune import merge_superpixels
from boxsup_tf.proposals.selective_search import features
from boxsup_tf.proposals.selective_search.colour_spaces import SPACES
from boxsup_tf.proposals.selective_search.grouping import TERMS, Regions, group
from boxsup_tf.proposals.selective_search.segmentation import Segmentations, segment
from boxsup_tf.settings import check, option

_MAX_JACCARD = 0.95
# Equal regions of several groupings go, then near-duplicates: how many times the candidates
# wanted are looked at before each, to bound the memory.
_BEFORE_EQUALS, _BEFORE_SIMILAR = 8, 2


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of selective_search.

    Attributes:
        segmentations: the regions that grouping starts from, each by its colour space (grey, hsv,
            lab, rgb, or rgi: normalised red and green, and intensity), a colon, and its scale:
            the segmentation's threshold and also its smallest region in pixels.
        similarities: every one groups every segmentation; each is a sum of colour, texture, size
            and fill, such as size+fill.
        min_area: pixels; smaller superpixels are merged into a neighbour.
        max_candidates: the limit; the first are kept.
        max_pixels: larger images are reduced to this number of pixels to find the candidates,
            which bounds memory and time.
    """

    segmentations: tuple[str, ...] = ("hsv:200", "lab:100", "rgb:100", "rgi:100", "grey:200")
    similarities: tuple[str, ...] = ("fill", "size+fill", "colour+size+fill", "texture+size+fill")
    min_area: int = option(50, at_least=1)
    max_candidates: int = option(5000, at_least=1)
    max_pixels: int = option(500_000, at_least=1)

    def __post_init__(self) -> None:
        if not self.segmentations or not all(map(_is_segmentation, self.segmentations)):
            raise InputError(
                f"--segmentations={','.join(self.segmentations)}: expected some of "
                f"{', '.join(SPACES)}, each with a colon and a whole number of at least 1"
            )
        terms = {term for similarity in self.similarities for term in similarity.split("+")}
        if not self.similarities or not terms <= set(TERMS):
            raise InputError(
                f"--similarities={','.join(self.similarities)}: expected sums of "
                f"{', '.join(TERMS)}, joined by +"
            )
        check(self)


def _is_segmentation(text: str) -> bool:
    space, _, scale = text.partition(":")
    return space in SPACES and scale.isascii() and scale.isdigit() and int(scale) > 0


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """The regions of all groupings; the boxes are not used.

    Returns:
        Candidates in the paper's order (Sec. 3.3): a region's place in its hierarchy, counted
        from the whole image, times a random number, which is the same in every run. Each is
        connected (through the four neighbours of a pixel), no two have a Jaccard index above 0.95
        (in the smaller copy, where there is one). They may have holes.
    """
    search = functools.partial(_search, options=options)
    return propose_at_most(inputs.image, options.max_pixels, search)


def _search(image: np.ndarray, options: Options) -> CandidatePool:
    settings = [text.split(":") for text in options.segmentations]
    spaces, scales = [space for space, _ in settings], [int(scale) for _, scale in settings]
    segmentations = segment(image, spaces, scales, options.min_area)

    ranks, packed = [], []
    rng = np.random.default_rng(0)
    for members in _hierarchies(image, segmentations, spaces, options.similarities):
        ranks.append(np.arange(len(members), 0, -1) * rng.random(len(members)))
        packed.append(np.packbits(members, axis=1))
    order = np.argsort(np.concatenate(ranks), kind="stable")
    bits = np.concatenate(packed)[order[: _BEFORE_EQUALS * options.max_candidates]]
    members = np.unpackbits(bits, axis=1, count=segmentations.areas.size).view(np.bool_)
    members = members[first_of_each(members)[: _BEFORE_SIMILAR * options.max_candidates]]
    distinct = first_of_similar(members, segmentations.areas, _MAX_JACCARD)
    members = members[distinct[: options.max_candidates]]
    pool = CandidatePool(segmentations.superpixels, members, "selective_search")
    return merge_superpixels(pool, np.ones(len(members), bool))


def _hierarchies(
    image: np.ndarray,
    segmentations: Segmentations,
    spaces: Sequence[str],
    similarities: Sequence[str],
) -> Iterator[np.ndarray]:
    """Groups every segmentation, each with its colour space, by every similarity.

    Texture is that of RGB: measured in every colour space anew, it takes longer and the candidates
    are no better (mean best Jaccard 0.630 against 0.632, 31 COCO photographs).

    Yields:
        bool [2 N - 1, R], the superpixels of every region of a hierarchy of N initial regions, in
        the order in which merging makes them: the whole image is last.
    """
    superpixels = segmentations.superpixels
    texture = features.texture_histograms(image, superpixels)
    for space, regions in zip(spaces, segmentations.regions, strict=True):
        num = int(regions.max()) + 1
        pairs = region_graph.distinct_pairs(regions[segmentations.pairs], num)
        colour = features.colour_histograms(SPACES[space](image), superpixels)
        unions = Regions(
            np.bincount(regions, segmentations.areas),
            superpixel_boxes_yxyx(regions[superpixels], num).astype(np.float64),
            features.normalised(colour, regions),
            features.normalised(texture, regions),
        )
        for similarity in similarities:
            parents = group(unions, pairs, frozenset(similarity.split("+")))
            yield node_members(parents)[:, regions]
