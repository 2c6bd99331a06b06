"""Pools of one candidate per box: a mask inside its box, or else the whole rectangle."""

from collections.abc import Iterable, Iterator

import numpy as np

from boxsup_tf import boxes as box_ops
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.refinement import refine
from boxsup_tf.proposals.proposal_input import ProposalInput


def filled_windows_yxyx(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """int64 [B, 4]: `boxes.windows_yxyx` of float32 [B, 4], made sure to hold a pixel each.

    Raises:
        ValueError: a box holds no pixel's centre.
    """
    windows = box_ops.windows_yxyx(boxes, [height, width]).numpy().astype(np.int64)
    filled = (windows[:, 2:] > windows[:, :2]).all(axis=1) & ~np.isnan(boxes).any(axis=1)
    if not filled.all():
        raise ValueError(f"box {boxes[np.argmin(filled)].tolist()} holds no pixel's centre")
    return windows


def pool_of_masks(
    inputs: ProposalInput, masks: Iterable[np.ndarray], method: str, min_share: float = 0.0
) -> CandidatePool:
    """A pool with `one_per_box`: box n may choose candidate n alone.

    Args:
        inputs: the image and its boxes.
        masks: one per box, in order, bool of the size of its window (`filled_windows_yxyx`).
        method: the name of the method that made them.
        min_share: where a mask is empty, or less than this share of its window, the candidate
            is the whole window.

    Raises:
        ValueError: a box holds no pixel's centre.
    """
    height, width = inputs.image.shape[:2]
    windows = filled_windows_yxyx(inputs.boxes, height, width)

    def candidates() -> Iterator[np.ndarray]:
        for (top, left, bottom, right), mask in zip(windows, masks, strict=True):
            candidate = np.zeros((height, width), bool)
            whole = not mask.any() or mask.mean() < min_share
            candidate[top:bottom, left:right] = True if whole else mask
            yield candidate

    return CandidatePool(*refine(candidates(), height, width), method, one_per_box=True)


def are_rectangles(pool: CandidatePool, boxes_yxyx: np.ndarray) -> np.ndarray:
    """Which candidates fill their boxes: where a method fell back to the rectangle.

    The few masks that fill their box without a fall-back, such as those of boxes of one pixel,
    count too.

    Args:
        pool: of one candidate per box.
        boxes_yxyx: float32 [B, 4], the boxes it was made for.

    Returns:
        bool [B].

    Raises:
        ValueError: the pool is not of one candidate for each of these boxes.
    """
    if not pool.one_per_box or pool.num_candidates != len(boxes_yxyx):
        raise ValueError(
            f"a pool of {pool.num_candidates} candidates, one_per_box={pool.one_per_box}: "
            f"expected one for each of {len(boxes_yxyx)} boxes"
        )
    windows = filled_windows_yxyx(boxes_yxyx, *pool.superpixels.shape)
    filled = pool.areas == np.prod(windows[:, 2:] - windows[:, :2], axis=1)
    return filled & (pool.tight_boxes == windows).all(axis=1)
