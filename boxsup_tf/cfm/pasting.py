"""A label map out of scored segments, by pasting (CFM, Sec. 3.3).

The scheme is that of B. Hariharan, P. Arbelaez, R. Girshick, J. Malik, Simultaneous Detection and
Segmentation, ECCV 2014, without its refinement of regions, as in CFM's experiments on
PASCAL-Context: segments are pasted in the order of falling scores, and those that overlap with one
that was pasted are left out. Our readings: a segment is pasted once, as its most probable class,
and not at all where that is none; it is left out where one of its own class overlaps it by an IoU
of 0.2 or more; a pixel keeps the first class that it gets.
"""

import numpy as np

from boxsup_tf.labels import BACKGROUND

_INHIBITED_IOU = 0.2


def paste(superpixels: np.ndarray, membership: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The label map of an image, int32 [H, W]; 0 where nothing is pasted.

    Args:
        superpixels: int32 [H, W], values 0 .. R - 1.
        membership: bool [N, R].
        scores: float [N, C], probabilities; equal ones go in the order of the candidates.
    """
    labels, best = scores.argmax(axis=1), scores.max(axis=1)
    order = np.flatnonzero(labels != BACKGROUND)
    order = order[np.argsort(-best[order], kind="stable")]
    members = membership[order].astype(np.float32)
    sizes = np.bincount(superpixels.ravel(), minlength=membership.shape[1]).astype(np.float32)
    areas, open_ = members @ sizes, np.ones(len(order), bool)
    painted = np.full(membership.shape[1], BACKGROUND, np.int32)
    for place, row in enumerate(order):
        if not open_[place]:
            continue
        painted[membership[row] & (painted == BACKGROUND)] = labels[row]
        rivals = np.flatnonzero(open_ & (labels[order] == labels[row]))
        both = members[rivals] @ (members[place] * sizes)
        iou = both / (areas[rivals] + areas[place] - both)
        open_[rivals[iou >= _INHIBITED_IOU]] = False
    return painted[superpixels]
