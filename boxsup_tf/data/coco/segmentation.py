"""One COCO segmentation as run lengths, with the checks that pycocotools leaves out."""

from typing import Any

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.errors import InputError

_MIN_POLYGON_NUMBERS = 6  # three points
# pycocotools takes some 100 bytes for each pixel that an outline passes, without looking.
_MAX_OUTLINE = 2**22


def encode_segmentation(
    segmentation: Any, height: int, width: int, where: str
) -> dict[str, Any] | None:
    """Polygons, or run lengths of either kind, as run lengths that pycocotools can decode.

    Args:
        segmentation: as in COCO's JSON: a list of polygons, or {"size": [height, width],
            "counts": a list of run lengths or their compressed form}. A polygon is [x, y, ...] or,
            as some tools write it, [[x, y], ...]; it may also stand alone, without a list.
        height, width: the image's size in pixels.
        where: the file and the annotation, for the message.

    Returns:
        {"size", "counts"} in pycocotools' compressed form; None where there is nothing to
        encode: no segmentation, or no polygon of three points.

    Raises:
        InputError: the segmentation is malformed or of another size than the image.
    """
    try:
        if isinstance(segmentation, list):
            # Fewer than three points enclose nothing, and pycocotools would read four numbers
            # as a box.
            polygons = [p for p in _polygons(segmentation) if len(p) >= _MIN_POLYGON_NUMBERS]
            if not polygons:
                return None
            _check_polygons(polygons, height, width)
            return mask_utils.merge(mask_utils.frPyObjects(polygons, height, width))
        if not segmentation:
            return None
        size, counts = list(segmentation["size"]), segmentation["counts"]
        if isinstance(counts, list):
            runs = np.array(counts)
            if runs.dtype.kind not in "iu":
                raise TypeError("counts are not whole numbers")
            rle = mask_utils.frPyObjects(segmentation, height, width)
        else:
            rle = {"size": size, "counts": counts}
            runs = _run_lengths(counts)
    except Exception as error:  # pycocotools raises bare Exceptions
        raise InputError(
            f"{where}: malformed segmentation ({error!r}): expected polygons or run lengths"
        ) from None
    # pycocotools does not look: counts that end early decode to uninitialised memory.
    if size != [height, width] or runs.sum() != height * width or runs.min(initial=0) < 0:
        raise InputError(
            f"{where}: segmentation of size {size} and {runs.sum()} pixels: expected [{height}, "
            f"{width}], the image's height and width"
        )
    return rle


def has_outline(annotation: dict) -> bool:
    """Whether a segmentation encloses something, or is malformed; not where it is too short."""
    segmentation = annotation["segmentation"]
    if not isinstance(segmentation, list):
        return bool(segmentation)
    try:
        return any(len(polygon) >= _MIN_POLYGON_NUMBERS for polygon in _polygons(segmentation))
    except (TypeError, ValueError):
        return True


def _polygons(segmentation: list) -> list[list[float]]:
    """Polygons as flat lists of numbers."""
    if segmentation and all(isinstance(value, int | float) for value in segmentation):
        return [segmentation]
    if any(isinstance(part, str) for part in segmentation):
        raise TypeError("texts are no polygons")
    flat = []
    for part in segmentation:
        if part and all(isinstance(point, list) and len(point) == 2 for point in part):
            part = [value for point in part for value in point]
        if len(part) % 2:
            raise ValueError("an odd number of coordinates")
        flat.append(part)
    return flat


def _check_polygons(polygons: list[list[float]], height: int, width: int) -> None:
    """Makes sure that polygons can be filled: numbers, and not far from their image.

    Raises:
        TypeError, OverflowError, ValueError: they cannot.
    """
    margin = max(height, width)
    for polygon in polygons:
        if not all(isinstance(value, int | float) for value in polygon):
            raise TypeError("coordinates are not numbers")
        points = np.array([float(value) for value in polygon]).reshape(-1, 2)
        inside = (points >= -margin) & (points <= np.array([width, height]) + margin)
        if not inside.all():
            raise ValueError(f"coordinate {points[~inside][0]:g} is far outside of the image")
        steps = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1)
        if steps.sum() > _MAX_OUTLINE:
            raise ValueError(f"an outline of {steps.sum():g} pixels")


def _run_lengths(counts: str) -> np.ndarray:
    """int64 [runs] from their compressed form.

    A run is written in groups of 5 bits, the lowest first, with 32 for "more follow", as a
    signed number; from the fourth run on it is the difference to the run before the last.
    """
    codes = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - 48
    if codes.size == 0 or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise ValueError(f"not compressed run lengths: {counts[:20]!r}")
    last = np.flatnonzero((codes & 32) == 0)
    first = np.concatenate([[0], last[:-1] + 1])
    place = 5 * (np.arange(codes.size) - np.repeat(first, last - first + 1))
    if place.max() > 30:
        raise ValueError(f"a run of more than 35 bits: {counts[:20]!r}")
    runs = np.add.reduceat((codes & 31) << place, first)
    runs -= np.where(codes[last] & 16, 32 << place[last], 0)
    for start in (1, 2):
        runs[start::2] = np.cumsum(runs[start::2])
    return runs
