"""The boxes of objects of one image, and what a network believes in each."""

import dataclasses

import numpy as np

from boxsup_tf.boxes import inside_yxyx
from boxsup_tf.records.example import Example


@dataclasses.dataclass(frozen=True)
class BoxBelief:
    """A box of an object, and the belief in it.

    Attributes:
        number: among all boxes of the image.
        label: annotated.
        edges: float32 [4], yxyx half-open, pixels.
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
        """The most believed class beside the annotated one; 0 where there is none."""
        rivals = self.belief.copy()
        rivals[self.label] = -1
        return int(rivals.argmax())

    @property
    def believed_label(self) -> int:
        """The rival where it is believed more than the annotated class."""
        return self.rival if self.belief[self.rival] > self.belief[self.label] else self.label


def beliefs_of(example: Example, probabilities: np.ndarray) -> list[BoxBelief]:
    """Those of the boxes of objects; crowds and boxes of no class are left out.

    Args:
        example: with boxes.
        probabilities: float32 [H, W, C].
    """
    edges, labels = np.asarray(example.boxes), example.labels
    inside, of_object = inside_yxyx(edges, *probabilities.shape[:2]).numpy(), ~ignored(example)
    found = []
    for number in np.flatnonzero(of_object):
        belief = probabilities[inside[number]].sum(axis=0, dtype=np.float64)
        belief[0] = 0  # the background is no class that a box could have
        for label in np.unique(labels[of_object]):
            if label != labels[number]:
                free = inside[number] & ~inside[of_object & (labels == label)].any(axis=0)
                belief[label] = probabilities[free, label].sum()
        own = edges[number], inside[number], belief
        found.append(BoxBelief(int(number), int(labels[number]), *own))
    return found


def ignored(example: Example) -> np.ndarray:
    """bool [B]: boxes that are of no object."""
    return example.is_crowd | (example.labels == 0)


def common_area(first: np.ndarray, second: np.ndarray) -> float:
    """Of two boxes, [4] each."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    return float(np.prod(np.maximum(sides, 0)))


def area(box: np.ndarray) -> float:
    return float(np.prod(box[2:] - box[:2]))


def iou_yxyx(first: np.ndarray, second: np.ndarray) -> float:
    """IoU of two boxes, [4] each."""
    common = common_area(first, second)
    return common / max(area(first) + area(second) - common, 1e-9)
