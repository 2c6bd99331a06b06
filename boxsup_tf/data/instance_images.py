"""Images with a true mask for every object, to measure candidates with."""

import dataclasses
import functools
import os
from collections.abc import Callable, Sequence

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.data.coco.file import image_stem, load_coco
from boxsup_tf.data.coco.layout import find_image_dir
from boxsup_tf.data.coco.segmentation import encode_segmentation
from boxsup_tf.errors import InputError


@dataclasses.dataclass(frozen=True)
class InstanceImage:
    """An image on the disk with its objects; cheap to send to another process.

    Attributes:
        image_id: the file name's stem.
        image_path: of the JPEG or PNG.
        masks: reads bool [I, H, W], the objects' pixels, none of them empty; raises an InputError
            where the file that holds them is missing or damaged.
    """

    image_id: str
    image_path: str
    masks: Callable[[], np.ndarray]


def coco_instances(data_dir: str, annotation_files: Sequence[str]) -> list[InstanceImage]:
    """The images of COCO's instances JSON files with all their objects, crowds left out.

    Args:
        data_dir: holds the images, in one of the places that `CocoReader` knows.
        annotation_files: paths such as annotations/instances_val2017.json.

    Raises:
        InputError: a file or the images' folder is missing, or a segmentation is malformed.
    """
    images: list[InstanceImage] = []
    for path in annotation_files:
        split = os.path.splitext(os.path.basename(path))[0].removeprefix("instances_")
        coco = load_coco(path)
        names = [record["file_name"] for record in coco.images]
        image_dir = find_image_dir(data_dir, split, path, names)
        for record in coco.images:
            height, width = record["height"], record["width"]
            if not height:
                raise InputError(f"{path}: image {record['file_name']!r} has no size: expected one")
            objects = [a for a in coco.annotations[record["id"]] if not a["iscrowd"]]
            rles = [
                encode_segmentation(a["segmentation"], height, width, f"{path}: {a['where']}")
                for a in objects
            ]
            known = [rle for rle in rles if rle is not None]
            masks = functools.partial(_coco_masks, known, height, width)
            image_path = os.path.join(image_dir, record["file_name"])
            images.append(InstanceImage(image_stem(record), image_path, masks))
    return images


def _coco_masks(rles: Sequence[dict], height: int, width: int) -> np.ndarray:
    decoded = [mask_utils.decode(rle).astype(bool) for rle in rles]
    decoded = [mask for mask in decoded if mask.any()]
    return np.stack(decoded) if decoded else np.zeros((0, height, width), bool)
