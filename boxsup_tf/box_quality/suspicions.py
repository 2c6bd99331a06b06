"""How suspect a box is, by kind; docs/boxes.md has the scores in words and what they are worth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from boxsup_tf.box_quality.box_belief import BoxBelief, iou_yxyx
from boxsup_tf.box_quality.finding import BADLY_PLACED, DUPLICATE, WRONG_CLASS
from boxsup_tf.box_quality.placement import Placement

# A class must be believed on more of a box than this share before its evidence counts half.
_LITTLE = 0.1
# What counts of an object that only reaches out, or of a box that is only too large: the network
# may have joined two objects, or not know the whole of one.
_ONE_SIDED = 0.4
# What a box without any belief scores: that the network does not know the object is as likely.
_MOST_IF_EMPTY = 0.4
# Two boxes of less IoU are not the same one twice.
_LEAST_DUPLICATE = 0.6


class Suspicion(NamedTuple):
    """A score, 0 .. 1, of a kind, and what is said instead: by the network, or the box repeated."""

    score: float
    kind: str
    label: int
    edges: np.ndarray


def wrong_class(box: BoxBelief) -> Suspicion:
    """How much more of the evidence in the box is for another class."""
    own, rival = box.belief[[box.label, box.rival]]
    little = _LITTLE * np.count_nonzero(box.inside)
    score = max(0.0, float((rival - own) / max(own + rival + little, 1e-9)))
    return Suspicion(score, WRONG_CLASS, box.rival, box.edges)


def badly_placed(box: BoxBelief, placement: Placement, foreground: np.ndarray) -> Suspicion:
    """How far the object that is believed in the box reaches out of it and leaves it empty.

    Args:
        placement: of the box.
        foreground: float32 [H, W], probability that a pixel is not background.
    """
    if placement.pixels.any():
        one_sided = _ONE_SIDED * (1 - iou_yxyx(box.edges, placement.edges))
        score = placement.sure * max(placement.moved, one_sided)
    else:
        fill = float(foreground[box.inside].mean()) if box.inside.any() else 0.0
        score = _MOST_IF_EMPTY * max(0.0, 1 - fill / _LITTLE)
    return Suspicion(score, BADLY_PLACED, box.believed_label, placement.edges)


def duplicate(box: BoxBelief, others: Sequence[BoxBelief]) -> Suspicion:
    """How much the box repeats another; of two boxes of one class the later repeats."""
    best = Suspicion(0.0, DUPLICATE, box.label, box.edges)
    for other in others:
        iou = iou_yxyx(box.edges, other.edges)
        score = max(0.0, (iou - _LEAST_DUPLICATE) / (1 - _LEAST_DUPLICATE))
        if other.label != box.label:
            # Two objects may lie on top of each other: then both classes are believed.
            own, theirs = box.belief[box.label], other.belief[other.label]
            score *= max(0.0, float(1 - 2 * own / max(own + theirs, 1e-9)))
        elif other.number > box.number:
            score = 0.0
        if score > best.score:
            best = Suspicion(score, DUPLICATE, other.label, other.edges)
    return best
