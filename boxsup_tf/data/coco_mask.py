"""A class mask painted from COCO segmentations."""

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf import fields
from boxsup_tf.errors import InputError

_MIN_POLYGON_NUMBERS = 6  # three points


def paint_class_mask(
    annotations: list[dict], label_of: dict[int, int], height: int, width: int, path: str
) -> np.ndarray | None:
    """Paints instances, the larger first so that smaller ones lie on top.

    COCO's instances overlap (a person on a sofa) without saying which is in front; the
    smaller one usually is. Crowd regions are void wherever no instance covers them.

    Args:
        annotations: of one image, those with a category in `label_of`.
        label_of: from category id to label.
        height, width: the image's size in pixels.
        path: the annotation file, for the message.

    Returns:
        uint8 [H, W]; None where an instance has no segmentation, for its pixels would wrongly
        be background.

    Raises:
        InputError: a segmentation is malformed or of another size.
    """
    mask = np.full((height, width), fields.BACKGROUND, np.uint8)
    instances = []
    for annotation in annotations:
        rle = _encode(annotation, height, width, path)
        if annotation.get("iscrowd"):
            mask[_crowd_region(annotation, rle, height, width)] = fields.VOID
        elif rle is None:
            return None
        else:
            instances.append((int(mask_utils.area(rle)), label_of[annotation["category_id"]], rle))
    # A stable sort: among equals the annotation that comes later lies on top.
    for _, label, rle in sorted(instances, key=lambda instance: -instance[0]):
        mask[mask_utils.decode(rle).astype(bool)] = label
    return mask


def _encode(annotation: dict, height: int, width: int, path: str) -> dict | None:
    """The segmentation as compressed run lengths; None where the annotation has none."""
    segmentation = annotation.get("segmentation")
    where = f"{path}: annotation {annotation['id']}"
    try:
        if isinstance(segmentation, list):
            # Fewer than three points enclose nothing, and pycocotools would read four numbers
            # as a box.
            polygons = [p for p in segmentation if len(p) >= _MIN_POLYGON_NUMBERS]
            if not polygons:
                return None
            return mask_utils.merge(mask_utils.frPyObjects(polygons, height, width))
        if not segmentation:
            return None
        size = list(segmentation["size"])
        if isinstance(segmentation["counts"], list):
            rle = mask_utils.frPyObjects(segmentation, height, width)
            pixels = sum(segmentation["counts"])
        else:
            rle = segmentation
            pixels = _num_pixels(segmentation["counts"])
    except Exception as error:  # pycocotools raises bare Exceptions
        raise InputError(
            f"{where}: malformed segmentation ({error!r}): expected polygons or run lengths"
        ) from None
    if size != [height, width] or pixels != height * width:
        raise InputError(
            f"{where}: segmentation of size {size} and {pixels} pixels: expected [{height}, "
            f"{width}], the image's height and width"
        )
    return rle


def _num_pixels(counts: str) -> int:
    """The sum of compressed run lengths.

    pycocotools does not check it: counts that end early decode to uninitialised memory.
    A run is written in groups of 5 bits, the lowest first, with 32 for "more follow", as a
    signed number; from the fourth run on it is the difference to the run before the last.
    """
    runs: list[int] = []
    value = shift = 0
    for code in counts.encode("ascii"):
        value |= ((code - 48) & 31) << shift
        shift += 5
        if (code - 48) & 32:
            continue
        if (code - 48) & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return sum(runs)


def _crowd_region(
    annotation: dict, rle: dict | None, height: int, width: int
) -> np.ndarray | tuple[slice, slice]:
    """An index of the crowd's pixels; of its whole box where it has no segmentation."""
    if rle is not None:
        return mask_utils.decode(rle).astype(bool)
    x, y, w, h = annotation["bbox"]
    y0, x0 = max(int(y), 0), max(int(x), 0)
    return slice(y0, min(int(np.ceil(y + h)), height)), slice(x0, min(int(np.ceil(x + w)), width))
