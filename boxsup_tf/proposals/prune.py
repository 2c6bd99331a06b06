"""Pruning: of a pool of thousands, the candidates that a training could choose."""

import numpy as np
import tensorflow as tf

from boxsup_tf import boxes as box_ops
from boxsup_tf.pools.candidates import CandidatePool


def prune(pool: CandidatePool, boxes: np.ndarray, min_box_iou: float) -> CandidatePool:
    """Drops the candidates that no box may choose, and the boundaries that only they had.

    A mask update (`supervision.selection.eligible_candidates`) draws among the candidates whose
    tight box has a box IoU of at least the training's own min_box_iou; where there is none, among
    those of highest box IoU. So a training whose min_box_iou is not below this one's has the
    same choice in the pruned pool, in the same order. Superpixels that hold to the same candidates
    become one: the masks stay as they were.

    Args:
        pool: of one image; where it has one candidate per box, it is returned as it is.
        boxes: float32 [B, 4], yxyx half-open, pixels; the image's true boxes.
        min_box_iou: 0 .. 1.

    Returns:
        A pool that lists the candidates kept in their old order; none where there is no box.
    """
    if pool.one_per_box:
        return pool
    # The very float32 operations of training, so that no candidate falls between the two.
    cost = 1.0 - box_ops.pairwise_iou_yxyx(tf.constant(boxes), pool.tight_boxes).numpy()
    kept = cost <= np.float32(1.0 - min_box_iou)
    kept |= cost <= cost.min(axis=1, keepdims=True, initial=np.inf)
    kept &= cost < 1.0
    return merge_superpixels(pool, kept.any(axis=0))


def merge_superpixels(pool: CandidatePool, kept: np.ndarray) -> CandidatePool:
    """A pool of some of the candidates, with as few superpixels as they need.

    Args:
        pool: of one image.
        kept: bool [N].

    Returns:
        The pool; superpixels keep the order of the first of those that became one.
    """
    membership = pool.membership[kept]
    if not len(membership):
        nothing = np.zeros((0, *pool.superpixels.shape), bool)
        return CandidatePool.from_masks(nothing, pool.method)
    columns = np.packbits(membership, axis=0).T
    _, first, label = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    superpixels = rank[label.ravel()][pool.superpixels].astype(np.int32)
    return CandidatePool(superpixels, membership[:, np.sort(first)], pool.method)
