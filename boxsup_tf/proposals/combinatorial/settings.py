"""What a user may set about combinatorial grouping."""

import dataclasses

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.combinatorial.grouping import Grouping
from boxsup_tf.proposals.combinatorial.tuples import Limits
from boxsup_tf.proposals.superpixel_options import SuperpixelOptions


@dataclasses.dataclass(frozen=True)
class GroupingOptions(SuperpixelOptions):
    """Options of mcg and scg.

    Attributes:
        max_regions: the most regions of a hierarchy that a candidate unites, 1 to 4.
        max_candidates: the limit; the best are kept.
    """

    max_regions: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.max_regions <= 4:
            raise InputError(f"--max_regions={self.max_regions}: expected 1 to 4")
        super().__post_init__()

    @property
    def grouping(self) -> Grouping:
        all_limits = dataclasses.astuple(Limits())
        limits = Limits(*(n if i + 2 <= self.max_regions else 0 for i, n in enumerate(all_limits)))
        return Grouping(
            self.sigma, self.min_area, self.max_superpixels, self.max_candidates, limits
        )
