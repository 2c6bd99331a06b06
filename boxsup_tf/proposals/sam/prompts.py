"""Boxes as prompts: points with labels, in pixels of the model's square."""

import numpy as np

from boxsup_tf.proposals.sam.prompted_model import Prompt

KINDS = ("box", "centre", "larger")

_INSIDE, _FIRST_CORNER, _LAST_CORNER = 1, 2, 3  # labels
_MARGIN = 0.05  # of a box's sides, on each side: a box 10 % larger


def prompt(
    box_yxyx: np.ndarray, kind: str, size: tuple[int, int], scaled: tuple[int, int]
) -> Prompt:
    """A box as points.

    Args:
        box_yxyx: [4], half-open, pixels of the image.
        kind: of `KINDS`: the box; the box and its centre as a point of the object; a box that is
            10 % larger, as far as the image goes.
        size: height and width of the image, pixels.
        scaled: the same in the model's square, see `scaled_size`.
    """
    factors = np.array(scaled) / size
    corners = np.asarray(box_yxyx, float).reshape(2, 2)
    points, labels = corners, [_FIRST_CORNER, _LAST_CORNER]
    if kind == "centre":
        points, labels = np.stack([corners.mean(axis=0), *corners]), [_INSIDE, *labels]
    elif kind == "larger":
        margin = _MARGIN * (corners[1] - corners[0])
        points = np.clip(corners + np.stack([-margin, margin]), 0, size)
    return Prompt((points * factors)[:, ::-1].astype(np.float32), np.array(labels, np.float32))
