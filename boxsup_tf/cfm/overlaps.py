"""How candidates overlap with what is truly in an image (CFM, Sec. 3.2 and 4).

An object's segment is held against an object as a whole, by IoU. Stuff is in many places, so a
candidate is held against the stuff in its own box: its purity is the IoU of both. Our readings:
objects are the classes of VOC and COCO, all others are stuff; where the truth is a label map, an
object is a connected part of its class.
"""

import dataclasses

import numpy as np
from scipy import ndimage

from boxsup_tf.labels import BACKGROUND, BACKGROUND_NAME, COCO_CLASSES, VOC_CLASSES, VOID
from boxsup_tf.pools.candidates import CandidatePool, tight_boxes_yxyx

# Also by the one name that PASCAL-Context has for a class of VOC's.
_OBJECTS = {*VOC_CLASSES, *COCO_CLASSES, "table"} - {BACKGROUND_NAME}


@dataclasses.dataclass(frozen=True)
class Overlaps:
    """Of an image's candidates, and behind them its true objects, with what is in the image.

    Attributes:
        superpixels: int32 [H, W], values 0 .. R - 1: the pool's, cut along the truth.
        membership: bool [N + G, R], of the N candidates and the G objects.
        sizes: int64 [R], the superpixels' pixels whose class is known.
        object_labels: int64 [G].
        iou: float64 [N + G, G], with every object.
        stuff_labels: int64 [K], those in the image.
        purity: float64 [N + G, K], for every kind of stuff.
    """

    superpixels: np.ndarray
    membership: np.ndarray
    sizes: np.ndarray
    object_labels: np.ndarray
    iou: np.ndarray
    stuff_labels: np.ndarray
    purity: np.ndarray


def is_object(class_names: tuple[str, ...]) -> np.ndarray:
    """bool [C]: the classes that come as objects; the background is neither object nor stuff."""
    return np.array([name in _OBJECTS for name in class_names])


def overlaps(pool: CandidatePool, label_map: np.ndarray, objects: np.ndarray) -> Overlaps:
    """All overlaps of an image.

    Args:
        pool: its candidates.
        label_map: integers [H, W], 255 for void, which counts nowhere.
        objects: bool [C], of `is_object`.
    """
    parts, labels = _parts(label_map, objects)
    cells, superpixels = np.unique(
        pool.superpixels.astype(np.int64) * len(labels) + parts, return_inverse=True
    )
    superpixels = superpixels.reshape(parts.shape).astype(np.int32)
    part, known = cells % len(labels), labels != VOID
    sizes = np.bincount(superpixels.ravel()) * known[part]
    of_object = np.flatnonzero([label != VOID and objects[label] for label in labels])
    membership = np.concatenate(
        [pool.membership[:, cells // len(labels)], part[None] == of_object[:, None]]
    )
    # Whole numbers below 2**24: exact in float32, in which products are fast.
    shared = membership.astype(np.float32) @ np.float32(
        (part[:, None] == np.arange(len(labels))) * sizes[:, None]
    )
    areas, in_object = shared[:, known].sum(axis=1, keepdims=True), shared[:, of_object]
    of_objects = np.bincount(part, sizes, len(labels))[of_object]
    of_stuff = [
        number
        for number, label in enumerate(labels)
        if label not in (BACKGROUND, VOID) and not objects[label]
    ]
    in_box = _counts_in_boxes(parts, of_stuff, tight_boxes_yxyx(superpixels, membership))
    in_stuff = shared[:, of_stuff]
    return Overlaps(
        superpixels,
        membership,
        sizes,
        labels[of_object],
        in_object / (areas + of_objects - in_object),
        labels[of_stuff],
        in_stuff / np.maximum(areas + in_box - in_stuff, 1),
    )


def _parts(label_map: np.ndarray, objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64 [H, W], the number of the part that a pixel is of, and int64 [P], the parts' labels.

    An object is a part of its own, all else of a label is one.
    """
    parts, labels = np.zeros(label_map.shape, np.int64), list[int]()
    for label in np.unique(label_map).tolist():
        found, count = (label_map == label).astype(np.int32), 1
        if label != VOID and objects[label]:
            found, count = ndimage.label(found, np.ones((3, 3)))
        parts[found > 0] = found[found > 0] - 1 + len(labels)
        labels += [label] * count
    return parts, np.array(labels, np.int64)


def _counts_in_boxes(parts: np.ndarray, numbers: list[int], boxes: np.ndarray) -> np.ndarray:
    """int64 [S, K]: pixels of some parts, of those in int [H, W], in boxes int [S, 4]."""
    top, left, bottom, right = boxes.T
    counts = np.zeros((len(boxes), len(numbers)), np.int64)
    for column, number in enumerate(numbers):
        sums = np.pad(parts == number, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        counts[:, column] = inside
    return counts
