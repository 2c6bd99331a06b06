"""Scores near the objects' boundaries and away from them (BoxSup, Fig. 4).

A band of width w, the trimap of P. Kohli, L. Ladicky, P. H. S. Torr, *Robust Higher Order
Potentials for Enforcing Label Consistency*, IJCV 2009, holds the pixels that are at most w from a
boundary of the truth: from the nearest pixel of another label, centre to centre. Void counts as a
label here, so the band also lies on both sides of the void rims of VOC's masks, where DeepLab
measures it; void itself is not scored. The border of the image is no boundary. Around a boundary
without a rim, a band of width w is 2 w pixels across.
"""

import dataclasses
from collections.abc import Sequence
from math import inf

import cv2
import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID
from boxsup_tf.metrics.confusion import ConfusionMatrix, count_pixels


@dataclasses.dataclass(frozen=True)
class Trimap:
    """Mean IoU in bands around the true boundaries, and of all pixels that are not in them.

    Attributes:
        widths: K widths of bands, pixels, ascending.
        inside, outside: K each, in 0 .. 1; None where there is no pixel.
    """

    widths: Sequence[float] = ()
    inside: Sequence[float | None] = ()
    outside: Sequence[float | None] = ()

    @classmethod
    def of_rings(cls, widths: Sequence[float], rings: np.ndarray) -> "Trimap":
        """That of the matrices int64 [K + 1, C, C] of `count_in_bands`."""
        inside = np.cumsum(rings, axis=0)[:-1]
        outside = rings.sum(axis=0) - inside
        return cls(list(widths), _mean_ious(inside), _mean_ious(outside))


def check_widths(widths: Sequence[float]) -> None:
    """Raises an InputError where the widths of bands are not ascending, from 1 on."""
    if not widths or list(widths) != sorted(set(widths)) or not 1 <= widths[0] <= widths[-1] < inf:
        raise InputError(
            f"--trimap_widths={','.join(f'{width:g}' for width in widths)}: expected ascending "
            "numbers of pixels, at least 1, as 1,2,4,8"
        )


def boundary_distance(truth: np.ndarray) -> np.ndarray:
    """Euclidean distance of every known pixel to the nearest pixel of another label.

    Args:
        truth: uint8 [H, W]; void is a label.

    Returns:
        float32 [H, W], pixels, 1 at least; infinite where there is one label alone, and in void.
    """
    distance = np.full(truth.shape, np.inf, np.float32)
    labels = np.unique(truth)
    if len(labels) == 1:
        return distance
    for label in labels[labels != VOID]:
        own = (truth == label).astype(np.uint8)
        # What is nearest lies in the label's rectangle or on the pixels around it.
        left, top, width, height = cv2.boundingRect(own)
        part = np.s_[max(top - 1, 0) : top + height + 1, max(left - 1, 0) : left + width + 1]
        exact = cv2.distanceTransform(own[part], cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        np.copyto(distance[part], exact, where=own[part] > 0)
    return distance


def count_in_bands(
    truth: np.ndarray,
    predicted: np.ndarray,
    distance: np.ndarray,
    widths: Sequence[float],
    num_classes: int,
) -> np.ndarray:
    """Confusion matrices of the rings between bands.

    Args:
        truth: uint8 [H, W]; void is left out.
        predicted: uint8 [H, W], below `num_classes`.
        distance: float32 [H, W], see `boundary_distance`.
        widths: K widths, pixels, ascending.
        num_classes: background included.

    Returns:
        int64 [K + 1, C, C], true label by predicted label: ring k holds the pixels in band k and
        not in band k - 1, the last those in none; their sum is the matrix of the whole image.
    """
    rings = np.searchsorted(np.asarray(widths, np.float32), distance)
    return count_pixels(truth, predicted, num_classes, rings, len(widths) + 1)


def _mean_ious(matrices: np.ndarray) -> list[float | None]:
    return [ConfusionMatrix(counts).mean_iou if counts.any() else None for counts in matrices]
