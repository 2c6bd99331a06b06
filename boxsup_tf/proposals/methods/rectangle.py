"""The boxes themselves: one candidate per box, its whole rectangle (BoxSup, Sec. 3.1)."""

import dataclasses

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.one_per_box import filled_windows_yxyx, pool_of_masks
from boxsup_tf.proposals.proposal_input import ProposalInput

NEEDS_BOXES = True


@dataclasses.dataclass(frozen=True)
class Options:
    """rectangle has no options."""


def propose(inputs: ProposalInput, options: Options) -> CandidatePool:
    """A pool with `one_per_box` of the boxes' rectangles; see `pool_of_masks`."""
    del options
    windows = filled_windows_yxyx(inputs.boxes, *inputs.image.shape[:2])
    rectangles = (np.ones(window[2:] - window[:2], bool) for window in windows)
    return pool_of_masks(inputs, rectangles, "rectangle")
