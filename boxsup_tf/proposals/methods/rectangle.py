"""The boxes themselves: one candidate per box, its whole rectangle (BoxSup, Sec. 3.1)."""

import numpy as np
import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.candidates import CandidatePool
from boxsup_tf.proposals.options import ProposalOptions


def propose(image: np.ndarray, boxes: np.ndarray, options: ProposalOptions) -> CandidatePool:
    """A pool of one rectangle per box.

    Args:
        image: uint8 [H, W, 3], RGB.
        boxes: float32 [B, 4], yxyx half-open, pixels.
        options: not used.

    Returns:
        A pool with `one_per_box`: box n may choose candidate n alone.

    Raises:
        ValueError: a box holds no pixel's centre.
    """
    del options
    masks = box_ops.inside_yxyx(tf.constant(boxes), image.shape[0], image.shape[1]).numpy()
    empty = np.flatnonzero(~masks.any(axis=(1, 2)))
    if empty.size:
        raise ValueError(f"box {boxes[empty[0]].tolist()} holds no pixel's centre")
    return CandidatePool.from_masks(masks, "rectangle", one_per_box=True)
