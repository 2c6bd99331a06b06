"""What a network's belief says of the boxes of one image; docs/boxes.md has the scores in words."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from boxsup_tf.box_quality.believed_objects import (
    BelievedObject,
    believed_objects,
    extent_yxyx,
    snapped_yxyx,
)
from boxsup_tf.box_quality.finding import (
    BADLY_PLACED,
    DUPLICATE,
    OVERLOOKED,
    WRONG_CLASS,
    Box,
    Finding,
)
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records.example import Example

# A class must be believed on more of a box than this share before its evidence counts half.
_LITTLE = 0.1
# Believed objects are this share of their image at least, or as large as this many pixels.
_LEAST_OBJECT, _LEAST_PIXELS = 1 / 500, 16
# An object belongs to a box of its class that holds this share of it.
_LEAST_INSIDE = 0.15
# What a box without any belief scores: that the network does not know the object is as likely.
_MOST_IF_EMPTY = 0.5
# Two boxes of less IoU are not the same one twice.
_LEAST_DUPLICATE = 0.6


class _Suspicion(NamedTuple):
    """A score of a kind, and what the network, or the box that is repeated, says instead."""

    score: float
    kind: str
    label: int
    edges: np.ndarray


class _Box(NamedTuple):
    """A box of an object, and the belief in it.

    Attributes:
        number: among all of the image.
        label: annotated.
        edges: float32 [4].
        inside: bool [H, W].
        belief: float64 [C], sums of the probabilities inside, 0 for the background; of other
            classes without the pixels that lie in another box of that class.
    """

    number: int
    label: int
    edges: np.ndarray
    inside: np.ndarray
    belief: np.ndarray

    @property
    def rival(self) -> int:
        """The most believed class beside the annotated one and the background."""
        rivals = self.belief.copy()
        rivals[self.label] = -1
        return int(rivals.argmax())

    @property
    def wrong_class(self) -> float:
        """How much of the evidence is for the rival, 0 .. 1."""
        own, rival = self.belief[[self.label, self.rival]]
        little = _LITTLE * np.count_nonzero(self.inside)
        return float(rival / max(own + rival + little, 1e-9))

    @property
    def believed_label(self) -> int:
        return self.rival if self.belief[self.rival] > self.belief[self.label] else self.label


def judge(
    example: Example, probabilities: np.ndarray, pool: CandidatePool | None = None
) -> list[Finding]:
    """A finding for every box of an object, and one for every believed object without a box.

    Args:
        example: with boxes.
        probabilities: float32 [H, W, C], the network's.
        pool: its candidates tell more exactly where believed objects end.
    """
    size = probabilities.shape[:2]
    assert example.boxes is not None
    ignored = example.is_crowd | (example.labels == 0)
    insides = np.array([_inside(box, size) for box in example.boxes]).reshape(-1, *size)
    boxes = _objects(example, ignored, insides, probabilities)
    objects = believed_objects(probabilities, least_pixels(size))

    def believed_box(pixels: np.ndarray, label: int) -> np.ndarray:
        if pool is None:
            return extent_yxyx(pixels)
        return snapped_yxyx(pixels, probabilities[:, :, label], pool)

    findings = []
    for box in boxes:
        others = [other for other in boxes if other is not box]
        suspicions = [
            _Suspicion(box.wrong_class, WRONG_CLASS, box.rival, box.edges),
            _badly_placed(box, others, objects, probabilities, believed_box),
            _duplicate(box, others),
        ]
        score, kind, label, edges = max(suspicions, key=lambda each: each.score)
        own = box.number, box.label, _edges(box.edges)
        findings.append(Finding(example.source_id, kind, score, *own, label, _edges(edges)))
    for each, score in _overlooked(objects, boxes, list(insides[ignored])):
        where = _edges(believed_box(each.pixels, each.label))
        none = -1, 0, None
        findings.append(Finding(example.source_id, OVERLOOKED, score, *none, each.label, where))
    return findings


def least_pixels(size: tuple[int, int]) -> int:
    """Pixels of the smallest believed object that counts in an image of (height, width)."""
    return max(_LEAST_PIXELS, round(_LEAST_OBJECT * size[0] * size[1]))


def _inside(box: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool [H, W]: the pixels whose centres lie in a box."""
    y, x = (np.arange(side) + 0.5 for side in size)
    return ((y >= box[0]) & (y < box[2]))[:, None] & ((x >= box[1]) & (x < box[3]))[None]


def _objects(
    example: Example,
    ignored: np.ndarray,
    insides: np.ndarray,
    probabilities: np.ndarray,
) -> list[_Box]:
    boxes, edges = [], np.asarray(example.boxes)
    for number in np.flatnonzero(~ignored):
        inside = insides[number]
        belief = probabilities[inside].sum(axis=0, dtype=np.float64)
        belief[0] = 0  # the background is no class that a box could have
        for label in np.unique(example.labels[~ignored]).tolist():
            if label != example.labels[number]:
                of_label = insides[~ignored & (example.labels == label)]
                free = inside & ~of_label.any(axis=0)
                belief[label] = probabilities[free, label].sum()
        label = int(example.labels[number])
        boxes.append(_Box(int(number), label, edges[number], inside, belief))
    return boxes


def _badly_placed(
    box: _Box,
    others: Sequence[_Box],
    objects: Sequence[BelievedObject],
    probabilities: np.ndarray,
    believed_box: Callable[[np.ndarray, int], np.ndarray],
) -> _Suspicion:
    """How far the box is from that of the object believed in it; or how empty it is."""
    label = box.believed_label
    pixels = np.zeros_like(box.inside)
    for each in objects:
        share = np.count_nonzero(each.pixels & box.inside) / np.count_nonzero(each.pixels)
        if each.label == label and share >= _LEAST_INSIDE:
            pixels |= each.pixels
    explained = [other.inside for other in others if other.label == label]
    if explained:
        pixels &= box.inside | ~np.any(explained, axis=0)
    if not pixels.any():
        fill = 1 - float(probabilities[box.inside, 0].mean()) if box.inside.any() else 0.0
        empty = max(0.0, 1 - fill / _LITTLE)
        return _Suspicion(_MOST_IF_EMPTY * empty, BADLY_PLACED, label, box.edges)
    believed = believed_box(pixels, label)
    confidence = float(probabilities[pixels, label].mean())
    score = confidence * (1 - iou_yxyx(box.edges, believed))
    return _Suspicion(score, BADLY_PLACED, label, believed)


def _duplicate(box: _Box, others: Sequence[_Box]) -> _Suspicion:
    """How much the box repeats another; of two boxes of one class the later repeats."""
    best = _Suspicion(0.0, DUPLICATE, box.label, box.edges)
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
            best = _Suspicion(score, DUPLICATE, other.label, other.edges)
    return best


def _overlooked(
    objects: Sequence[BelievedObject], boxes: Sequence[_Box], ignored: Sequence[np.ndarray]
) -> Iterator[tuple[BelievedObject, float]]:
    """Believed objects that no box is for, and how sure that is, 0 .. 1."""
    for each in objects:
        size = np.count_nonzero(each.pixels)
        extent = extent_yxyx(each.pixels)
        own = [box.inside for box in boxes if each.label in (box.label, box.believed_label)]
        held = [np.count_nonzero(each.pixels & inside) / size for inside in (*own, *ignored)]
        same = [iou_yxyx(box.edges, extent) for box in boxes]
        if max(held, default=0) < _LEAST_INSIDE:
            yield each, each.confidence * (1 - max(same, default=0))


def iou_yxyx(first: np.ndarray, second: np.ndarray) -> float:
    """IoU of two boxes, [4] each."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    common = float(np.prod(np.maximum(sides, 0)))
    areas = [float(np.prod(box[2:] - box[:2])) for box in (first, second)]
    return common / max(sum(areas) - common, 1e-9)


def _edges(box: np.ndarray) -> Box:
    ymin, xmin, ymax, xmax = map(float, box)
    return ymin, xmin, ymax, xmax
