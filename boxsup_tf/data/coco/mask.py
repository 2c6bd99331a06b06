"""A class mask painted from COCO segmentations."""

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.data.coco.segmentation import encode_annotation
from boxsup_tf.labels import BACKGROUND, VOID


def paint_class_mask(
    annotations: list[dict], label_of: dict[int, int], height: int, width: int, path: str
) -> np.ndarray | None:
    """Paints instances, the larger first so that smaller ones lie on top.

    COCO's instances overlap (a person on a sofa) without saying which is in front; the
    smaller one usually is. Crowd regions are void wherever no instance covers them.

    Args:
        annotations: of one image, those with a category in `label_of`.
        label_of: from category id to label.
        path: the annotation file, for the message.

    Returns:
        uint8 [H, W]; None where an instance has no segmentation, for its pixels would wrongly
        be background.

    Raises:
        InputError: a segmentation is malformed or of another size.
    """
    mask = np.full((height, width), BACKGROUND, np.uint8)
    instances = []
    for annotation in annotations:
        rle = encode_annotation(annotation, height, width, path)
        if annotation.get("iscrowd"):
            mask[_crowd_region(annotation, rle, height, width)] = VOID
        elif rle is None:
            return None
        else:
            instances.append((int(mask_utils.area(rle)), label_of[annotation["category_id"]], rle))
    # A stable sort: among equals the annotation that comes later lies on top.
    for _, label, rle in sorted(instances, key=lambda instance: -instance[0]):
        mask[mask_utils.decode(rle).astype(bool)] = label
    return mask


def _crowd_region(
    annotation: dict, rle: dict | None, height: int, width: int
) -> np.ndarray | tuple[slice, slice]:
    """An index of the crowd's pixels; of its whole box where it has no segmentation."""
    if rle is not None:
        return mask_utils.decode(rle).astype(bool)
    x, y, w, h = annotation["bbox"]
    y0, x0 = max(int(y), 0), max(int(x), 0)
    return slice(y0, min(int(np.ceil(y + h)), height)), slice(x0, min(int(np.ceil(x + w)), width))
