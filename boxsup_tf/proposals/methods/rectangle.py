"""The boxes themselves: one candidate per box, its whole rectangle (BoxSup, Sec. 3.1)."""

import dataclasses

import numpy as np
import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.candidates import CandidatePool
from boxsup_tf.proposals.subject import Subject


@dataclasses.dataclass(frozen=True)
class Options:
    """rectangle has no options."""


def propose(subject: Subject, options: Options) -> CandidatePool:
    """A pool of one rectangle per box, with `one_per_box`: box n may choose candidate n alone.

    Raises:
        ValueError: a box holds no pixel's centre.
    """
    del options
    height, width = subject.image.shape[:2]
    masks = box_ops.inside_yxyx(tf.constant(subject.boxes), height, width).numpy()
    empty = np.flatnonzero(~masks.any(axis=(1, 2)))
    if empty.size:
        raise ValueError(f"box {subject.boxes[empty[0]].tolist()} holds no pixel's centre")
    return CandidatePool.from_masks(masks, "rectangle", one_per_box=True)
