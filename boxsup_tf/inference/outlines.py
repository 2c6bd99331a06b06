"""Label maps as polygons, which labelling tools can open and correct."""

import itertools
from collections.abc import Iterator

import contourpy
import cv2
import numpy as np

from boxsup_tf.labels import BACKGROUND, VOID

_TOLERANCE = 0.75  # pixels, by which a polygon may miss the outline


def outlines(label_map: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Every connected region of a class with its outline.

    Outlines run between pixels and are simplified by less than a pixel. A region with holes is one
    polygon all the same: a seam of no width leads from its outline to each hole.

    Args:
        label_map: uint8 [H, W].

    Yields:
        A label, and float64 [N, 2]: the corners (x, y), N at least 3, in pixels; the first pixel is
        0 .. 1.
    """
    for label in np.unique(label_map).tolist():
        if label in (BACKGROUND, VOID):
            continue
        region = np.pad(label_map == label, 1).astype(np.float64)
        traced = contourpy.contour_generator(z=region, fill_type="OuterOffset").filled(0.5, 2.0)
        for points, offsets in zip(*traced, strict=True):
            rings = [points[i:j] - 0.5 for i, j in itertools.pairwise(offsets)]
            outer, *holes = (_simplified(ring) for ring in rings)
            yield label, _seamed(outer, holes)


def _simplified(ring: np.ndarray) -> np.ndarray:
    """A closed ring [N, 2], whose last point is its first, as fewer corners without that."""
    corners = cv2.approxPolyDP(ring[:-1].astype(np.float32), _TOLERANCE, True)[:, 0]
    return (corners if len(corners) >= 3 else ring[:-1]).astype(np.float64)


def _seamed(outer: np.ndarray, holes: list[np.ndarray]) -> np.ndarray:
    """One ring of an outline and its holes, each joined where it comes closest."""
    left = list(holes)
    while left:
        distances = [((outer[:, None] - hole[None]) ** 2).sum(axis=2) for hole in left]
        place = min(range(len(left)), key=lambda n: distances[n].min())
        hole = left.pop(place)
        at, start = np.unravel_index(distances[place].argmin(), distances[place].shape)
        round_trip = np.roll(hole, -start, axis=0)
        outer = np.concatenate([outer[: at + 1], round_trip, round_trip[:1], outer[at:]])
    return outer
