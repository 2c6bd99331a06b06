"""PASCAL-Context as the JSON of PASCAL in Detail, trainval_merged.json.

Read by its lists `images`, `categories` (numbered as in the first release's labels.txt) and
`annos_segmentation`: compressed run lengths, one entry per object or, for what has no objects, per
category. What belongs to image parts, outlines and occlusion is left.
"""

from collections.abc import Iterator

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.data.coco.file import (
    Required,
    check_lists,
    check_unique,
    image_stem,
    read_any_json,
)
from boxsup_tf.data.coco.segmentation import encode_segmentation
from boxsup_tf.data.context.classes import label_by_category
from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND
from boxsup_tf.records.example import MAX_MEGAPIXELS, check_image_size

_REQUIRED: Required = {
    "categories": {"category_id": int, "name": str},
    "images": {"image_id": int, "file_name": str, "height": int, "width": int, "phase": str},
    "annos_segmentation": {"image_id": int, "category_id": int},
}
_BOTH = "trainval"


class ContextJson:
    """The class masks of a part of the file.

    Args:
        path: of the JSON.
        split: a phase of its images, "train" or "val"; "trainval" is both.

    Attributes:
        source_ids: of its images, in the file's order.

    Raises:
        InputError: the file is missing, is not JSON or lacks a key; an image or category is
            declared twice; an annotation is of an unknown category; no image is of this phase.
    """

    def __init__(self, path: str, split: str) -> None:
        self._path, self._split = path, split
        dataset = read_any_json(path, "the annotations of PASCAL in Detail")
        check_lists(dataset, _REQUIRED, path, "PASCAL in Detail")
        numbers = [category["category_id"] for category in dataset["categories"]]
        check_unique(numbers, "category_id", path)
        names = [category["name"] for category in dataset["categories"]]
        self._label_of = label_by_category(dict(zip(numbers, names, strict=True)), path)
        check_unique([image["image_id"] for image in dataset["images"]], "image_id", path)
        phases = ("train", "val") if split == _BOTH else (split,)
        self._images = [image for image in dataset["images"] if image["phase"] in phases]
        if not self._images:
            known = sorted({image["phase"] for image in dataset["images"]})
            raise InputError(f"{path}: no image of phase {split!r}: expected {', '.join(known)}")
        self.source_ids = [image_stem(image) for image in self._images]
        check_unique(self.source_ids, "file name", path)
        self._annotations: dict[int, list[dict]] = {image["image_id"]: [] for image in self._images}
        for place, annotation in enumerate(dataset["annos_segmentation"]):
            if annotation["category_id"] not in self._label_of:
                raise InputError(
                    f"{path}: annos_segmentation[{place}]: category_id "
                    f"{annotation['category_id']} is unknown: expected one of `categories`"
                )
            if annotation["image_id"] in self._annotations:
                self._annotations[annotation["image_id"]].append(annotation)

    def __reduce__(self) -> tuple:
        """A copy in another process reads the JSON itself: its contents need not travel."""
        return type(self), (self._path, self._split)

    def path(self, index: int) -> str:
        """The file and the image, for messages."""
        return f"{self._path}: image {self._images[index]['file_name']!r}"

    def mask(self, index: int) -> np.ndarray:
        """uint8 [H, W] of labels; where annotations overlap, the later one's.

        Raises:
            InputError: the image has no annotation, or a segmentation is missing or malformed.
        """
        image, where = self._images[index], self.path(index)
        annotations = self._annotations[image["image_id"]]
        if not annotations:
            raise InputError(f"{where}: no annotation: expected some in annos_segmentation")
        height, width = image["height"], image["width"]
        if min(height, width) < 1:
            raise InputError(f"{where}: of {height} x {width} pixels (height x width)")
        check_image_size(height, width, where, MAX_MEGAPIXELS)
        mask = np.full((height, width), BACKGROUND, np.uint8)
        for annotation in annotations:
            rle = encode_segmentation(annotation.get("segmentation"), height, width, where)
            if rle is None:
                raise InputError(
                    f"{where}: an annotation of category {annotation['category_id']} has no "
                    "segmentation: expected run lengths"
                )
            mask[mask_utils.decode(rle).astype(bool)] = self._label_of[annotation["category_id"]]
        return mask

    def labels_in(self, index: int) -> Iterator[int]:
        image_id = self._images[index]["image_id"]
        return (self._label_of[a["category_id"]] for a in self._annotations[image_id])
