"""Images of VOC's layout with a true mask for every object, to measure candidates with."""

import functools
import os
from collections.abc import Sequence

import numpy as np

from boxsup_tf.data.id_list import read_ids
from boxsup_tf.data.instance_images import InstanceImage
from boxsup_tf.data.voc.mask import read_voc_mask
from boxsup_tf.labels import BACKGROUND, VOID


def voc_instances(data_dir: str, splits: Sequence[str]) -> list[InstanceImage]:
    """The images of lists such as `train` in a folder of VOC's layout with SegmentationObject.

    Args:
        data_dir: holds ImageSets/Segmentation, JPEGImages and SegmentationObject, or a folder
            VOC2012 that does.
        splits: names of lists.

    Raises:
        InputError: a list is missing or bad, see `read_ids`.
    """
    inner = os.path.join(data_dir, "VOC2012")
    root = inner if os.path.isdir(inner) else data_dir
    images: list[InstanceImage] = []
    for split in splits:
        for image_id in read_ids(os.path.join(root, "ImageSets", "Segmentation", f"{split}.txt")):
            image_path = os.path.join(root, "JPEGImages", f"{image_id}.jpg")
            mask_path = os.path.join(root, "SegmentationObject", f"{image_id}.png")
            masks = functools.partial(_voc_masks, mask_path)
            images.append(InstanceImage(image_id, image_path, masks))
    return images


def _voc_masks(path: str) -> np.ndarray:
    """Those of a palette PNG of numbered objects, as in SegmentationObject."""
    objects = read_voc_mask(path)
    return objects == np.setdiff1d(objects, [BACKGROUND, VOID])[:, None, None]
