"""The segments of an image that a training step learns from.

Of an object is a candidate that overlaps it by an IoU of 0.5 or more, and the true object itself.
Of stuff are a few large candidates that are pure and hardly overlap: a compact set, drawn anew in
every epoch by segment pursuit. Of no class is what overlaps every object by less than 0.3 and is
pure of no stuff to 0.3. The numbers are the paper's; our readings: an object goes before stuff, and
there is no lower bound to what is of no class (for objects alone the paper has 0.1).
"""

import numpy as np

from boxsup_tf.cfm.overlaps import Overlaps
from boxsup_tf.labels import BACKGROUND

_OBJECT_IOU = 0.5
_PURE = 0.6
_NEITHER = 0.3
_INHIBITED_IOU = 0.2


def draw_segments(
    found: Overlaps, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws segments and says what they are.

    Args:
        found: of the image.
        count: the most of each kind: of objects, of stuff, of neither.
        rng: decides.

    Returns:
        int64 [S] rows of `found.membership`, and int64 [S] their labels.
    """
    best_iou = found.iou.max(axis=1, initial=0)
    is_of_object = best_iou >= _OBJECT_IOU
    kinds = list[tuple[np.ndarray, np.ndarray]]()
    if found.object_labels.size:
        labels = found.object_labels[found.iou.argmax(axis=1)]
        kinds.append((np.flatnonzero(is_of_object), labels[is_of_object]))
    stuff = []
    for kind, label in enumerate(found.stuff_labels):
        pure = np.flatnonzero((found.purity[:, kind] > _PURE) & ~is_of_object)
        rows = pure[pursue(found.membership[pure], found.sizes, rng)]
        stuff += [(row, label) for row in rows]
    rows, labels = np.array(stuff, np.int64).reshape(-1, 2).T
    kinds.append((rows, labels))
    is_known = found.membership @ found.sizes > 0  # of what is all void nothing is known
    neither = np.flatnonzero(
        is_known & (best_iou < _NEITHER) & (found.purity.max(axis=1, initial=0) < _NEITHER)
    )
    kinds.append((neither, np.full(neither.size, BACKGROUND)))
    drawn = [rng.permutation(len(rows))[:count] for rows, _ in kinds]
    rows, labels = (
        np.concatenate([each[some] for each, some in zip(column, drawn, strict=True)])
        for column in zip(*kinds, strict=True)
    )
    return rows, labels


def pursue(membership: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Segment pursuit: a compact set of segments, large ones more likely.

    One is drawn, by its area; what overlaps it by an IoU of 0.2 or more goes; and so on, until all
    that are left are smaller than the mean of those at the start.

    Args:
        membership: bool [n, R].
        sizes: int64 [R], pixels.
        rng: draws.

    Returns:
        The rows that were drawn.
    """
    areas = membership @ sizes
    left, chosen = np.flatnonzero(areas), list[int]()
    mean = areas.mean() if areas.size else 0
    while left.size and areas[left].max() >= mean:
        row = int(rng.choice(left, p=areas[left] / areas[left].sum()))
        chosen.append(row)
        both = membership[left] @ (membership[row] * sizes)
        iou = both / (areas[left] + areas[row] - both)
        left = left[iou < _INHIBITED_IOU]
    return chosen
