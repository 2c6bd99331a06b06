"""Masks of other programs, to be written in their formats and read back."""

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.proposal_input import ProposalInput


def overlapping(num: int = 30, height: int = 40, width: int = 55, seed: int = 0) -> np.ndarray:
    """bool [N, H, W] of random blobs that overlap, with holes; none is empty."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    masks = np.zeros((num, height, width), bool)
    for mask in masks:
        cy, cx, radius = rng.integers(height), rng.integers(width), rng.integers(1, 15)
        distance = (y - cy) ** 2 + (x - cx) ** 2
        mask |= (distance < radius**2) & (distance >= (radius // 3) ** 2)
        mask[cy, (cx + radius) % width] = True
    return masks


def inputs(filename: str, height: int = 40, width: int = 55) -> ProposalInput:
    return ProposalInput(np.zeros((height, width, 3), np.uint8), filename=filename)


def check_is(pool: CandidatePool, masks: np.ndarray) -> None:
    """The pool's candidates are exactly these masks, in this order."""
    assert pool.method == "imported" and not pool.one_per_box
    assert pool.num_candidates == len(masks)
    for n, mask in enumerate(masks):
        np.testing.assert_array_equal(pool.mask(n), mask)
