"""What a user may set about combinatorial grouping."""

import dataclasses

from boxsup_tf.proposals.combinatorial.grouping import Grouping
from boxsup_tf.proposals.combinatorial.tuples import Limits
from boxsup_tf.proposals.superpixel_options import SuperpixelOptions
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class GroupingOptions(SuperpixelOptions):
    """Options of mcg and scg.

    Attributes:
        max_regions: the most regions of a hierarchy that a candidate unites, 1 to 4.
        max_candidates: the limit; the best are kept.
    """

    max_regions: int = option(4, at_least=1, at_most=4)

    @property
    def grouping(self) -> Grouping:
        all_limits = dataclasses.astuple(Limits())
        limits = Limits(*(n if i + 2 <= self.max_regions else 0 for i, n in enumerate(all_limits)))
        return Grouping(
            self.sigma, self.min_area, self.max_superpixels, self.max_candidates, limits
        )
