"""Images of made-up belief: rectangles of which a network is sure."""

from collections.abc import Sequence

import cv2
import numpy as np

from boxsup_tf.records.example import Example

CLASS_NAMES = ("background", "cat", "dog", "emu")
SIZE = (60, 80)
SURE = 0.94  # probability of the label; the others share the rest
SEEN = 1 - (1 - SURE) / 3  # probability that a pixel of an object is of one


def belief(objects: Sequence[tuple[int, Sequence[int]]], sure: float = SURE) -> np.ndarray:
    """float32 [H, W, C]: background, and objects as (label, box), later ones on top."""
    label_map = np.zeros(SIZE, int)
    for label, (top, left, bottom, right) in objects:
        label_map[top:bottom, left:right] = label
    rest = (1 - sure) / (len(CLASS_NAMES) - 1)
    one_hot = np.eye(len(CLASS_NAMES), dtype=np.float32)[label_map]
    return one_hot * (sure - rest) + np.float32(rest)


def annotated(
    objects: Sequence[tuple[int, Sequence[float]]], name: str = "a", crowds: Sequence[int] = ()
) -> Example:
    """An example with these boxes; those of the numbers in `crowds` are crowds."""
    count = len(objects)
    return Example(
        source_id=name,
        filename=f"{name}.png",
        encoded=cv2.imencode(".png", np.full([*SIZE, 3], 90, np.uint8))[1].tobytes(),
        height=SIZE[0],
        width=SIZE[1],
        boxes=np.array([box for _, box in objects], np.float32).reshape(-1, 4),
        labels=np.array([label for label, _ in objects], np.int64),
        difficult=np.zeros(count, bool),
        truncated=np.zeros(count, bool),
        is_crowd=np.isin(np.arange(count), crowds),
    )
