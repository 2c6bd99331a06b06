"""A class mask painted from COCO segmentations."""

import math

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.data.coco.segmentation import encode_segmentation
from boxsup_tf.data.mending import NO_OUTLINE, Box, Notes, note
from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND, VOID


def paint_class_mask(
    annotations: list[dict],
    label_of: dict[int | str, int],
    height: int,
    width: int,
    notes: Notes,
) -> np.ndarray | None:
    """Paints instances, the larger first so that smaller ones lie on top.

    COCO's instances overlap (a person on a sofa) without saying which is in front; the
    smaller one usually is. Crowd regions are void wherever no instance covers them.

    Args:
        annotations: of one image, those with a category in `label_of`.
        label_of: from category id to label.
        notes: what was mended is added.

    Returns:
        uint8 [H, W]; None where an instance has no usable segmentation, for its pixels would
        wrongly be background.
    """
    mask = np.full((height, width), BACKGROUND, np.uint8)
    instances = []
    for annotation in annotations:
        segmentation = annotation["segmentation"]
        try:
            rle = encode_segmentation(segmentation, height, width, annotation["where"])
        except InputError as error:
            notes.append(note(NO_OUTLINE, str(error)))
            return None
        if annotation["iscrowd"]:
            mask[_crowd_region(annotation, rle, height, width)] = VOID
        elif rle is None:
            if segmentation:
                shown = str(segmentation)[:60]
                notes.append(note(NO_OUTLINE, f"{annotation['where']}: {shown}"))
            return None
        else:
            instances.append((int(mask_utils.area(rle)), label_of[annotation["category_id"]], rle))
    # A stable sort: among equals the annotation that comes later lies on top.
    for _, label, rle in sorted(instances, key=lambda instance: -instance[0]):
        mask[mask_utils.decode(rle).astype(bool)] = label
    return mask


def box_of(annotation: dict, height: int, width: int) -> Box:
    """(ymin, xmin, ymax, xmax) as annotated or, failing that, around the outline; else NaN."""
    edges = edges_of(annotation)
    if all(map(math.isfinite, edges)) or annotation["bbox"] is not None:
        return edges
    try:
        rle = encode_segmentation(annotation["segmentation"], height, width, "")
    except InputError:
        return edges
    if rle is None:
        return edges
    x, y, w, h = mask_utils.toBbox(rle).tolist()
    return y, x, y + h, x + w


def edges_of(annotation: dict) -> Box:
    """(ymin, xmin, ymax, xmax) as annotated; NaN where it is not [x, y, width, height]."""
    try:
        x, y, w, h = (float(value) for value in annotation["bbox"])
    except (TypeError, ValueError, OverflowError):
        return (math.nan,) * 4
    return y, x, y + h, x + w


def _crowd_region(
    annotation: dict, rle: dict | None, height: int, width: int
) -> np.ndarray | tuple[slice, slice]:
    """An index of the crowd's pixels; of its whole box where it has no segmentation."""
    if rle is not None:
        return mask_utils.decode(rle).astype(bool)
    edges = edges_of(annotation)
    if not all(map(math.isfinite, edges)):
        return slice(0, 0), slice(0, 0)
    ymin, xmin, ymax, xmax = edges
    rows = slice(max(int(ymin), 0), max(min(math.ceil(ymax), height), 0))
    return rows, slice(max(int(xmin), 0), max(min(math.ceil(xmax), width), 0))
