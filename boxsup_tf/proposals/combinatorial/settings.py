"""What a user may set about combinatorial grouping."""

import dataclasses

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
    def limits(self) -> Limits:
        """How far down a tree regions are combined; 0 for combinations that are not wanted."""
        limits = dataclasses.astuple(Limits())
        return Limits(*(n if i + 2 <= self.max_regions else 0 for i, n in enumerate(limits)))
