"""COCO's layout: one JSON with boxes, polygons and run lengths for a folder of images."""

import os
from collections.abc import Iterator

import numpy as np

from boxsup_tf.data.coco.file import image_stem, load_coco
from boxsup_tf.data.coco.mask import paint_class_mask
from boxsup_tf.data.reader import list_settings, with_background
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import COCO_CLASSES, VOC_CLASSES, coco_to_voc
from boxsup_tf.records.example import Example, check_box, clip_to_image, read_image_file

CLASS_SETS = ("coco", "voc", "file")


class CocoReader:
    """A COCO dataset, a `reader.Reader`.

    Args:
        data_dir: holds annotations/instances_SPLIT.json and the images.
        split: "train", "val2017", "train2014", ...
        class_set: "coco" for its 80 classes; "voc" for the 20 of them that VOC has, where
            what belongs to others counts as background and their boxes are left out; "file"
            for the categories of the JSON itself in the order of their ids.
        annotation_file: a JSON elsewhere.
        image_dir: a folder of images elsewhere.

    Raises:
        InputError: the JSON or the image folder is missing, the JSON is not COCO's, or its
            categories do not fit `class_set`.
    """

    def __init__(
        self,
        data_dir: str,
        split: str,
        class_set: str = "coco",
        annotation_file: str | None = None,
        image_dir: str | None = None,
    ) -> None:
        self._arguments = (data_dir, split, class_set, annotation_file, image_dir)
        self._path = annotation_file or _find_annotation_file(data_dir, split)
        self._image_dir = image_dir or find_image_dir(data_dir, split)
        self._coco = load_coco(self._path)
        self.class_names, self._label_of = _classes(self._coco.dataset, class_set, self._path)
        self._images = self._coco.dataset["images"]
        self.settings = {"dataset": "coco", "split": split, "class_set": class_set}
        self.source_ids = [image_stem(image) for image in self._images]
        self.settings |= list_settings(self.source_ids)

    def __reduce__(self) -> tuple:
        """A copy in another process reads the JSON itself: half a gigabyte need not travel."""
        return type(self), self._arguments

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Example:
        record = self._images[index]
        image_path = os.path.join(self._image_dir, record["file_name"])
        encoded, height, width = read_image_file(image_path)
        if (record["height"], record["width"]) != (height, width):
            raise InputError(
                f"{self._path}: image {record['file_name']!r} has height {record['height']} and "
                f"width {record['width']}: expected the image's height {height} and width {width}"
            )
        kept = self._annotations(record)
        boxed = [(box, a) for a in kept if (box := self._box(a, height, width)) is not None]
        return Example(
            source_id=image_stem(record),
            filename=record["file_name"],
            encoded=encoded,
            height=height,
            width=width,
            boxes=np.array([box for box, _ in boxed], np.float32).reshape(-1, 4),
            labels=np.array([self._label_of[a["category_id"]] for _, a in boxed], np.int64),
            difficult=np.zeros(len(boxed), bool),
            truncated=np.zeros(len(boxed), bool),
            is_crowd=np.array([bool(a.get("iscrowd", 0)) for _, a in boxed], bool),
            mask=paint_class_mask(kept, self._label_of, height, width, self._path),
        )

    def labels_in(self, index: int) -> Iterator[int]:
        kept = self._annotations(self._images[index])
        return (self._label_of[annotation["category_id"]] for annotation in kept)

    def _annotations(self, record: dict) -> list[dict]:
        """An image's annotations that belong to a class."""
        annotations = self._coco.imgToAnns.get(record["id"], [])
        return [a for a in annotations if a["category_id"] in self._label_of]

    def _box(self, annotation: dict, height: int, width: int) -> tuple[float, ...] | None:
        """(ymin, xmin, ymax, xmax) in pixels; None where the box has no area.

        COCO 2017 itself holds two boxes of height 0: they must not stop the whole dataset.
        """
        where = f"{self._path}: annotation {annotation['id']}"
        try:
            x, y, w, h = (float(value) for value in annotation["bbox"])
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"{where}: bbox is {annotation.get('bbox')!r}: expected [x, y, width, height]"
            ) from None
        box = clip_to_image((y, x, y + h, x + w), height, width)
        if (w == 0 and h >= 0) or (h == 0 and w >= 0):
            return None
        check_box(box, height, width, where)
        return box


def _classes(dataset: dict, class_set: str, path: str) -> tuple[tuple[str, ...], dict[int, int]]:
    """The class names of a class set, and the label of every category id that is kept."""
    categories = sorted(dataset["categories"], key=lambda category: category["id"])
    names = [category["name"] for category in categories]
    if class_set == "coco":
        class_names = COCO_CLASSES
        unknown = [name for name in names if name not in COCO_CLASSES[1:]]
        if unknown:
            raise InputError(
                f"{path}: category {unknown[0]!r} is not one of COCO's 80: expected only those "
                "(--class_set=file takes the categories of the file)"
            )
    elif class_set == "voc":
        class_names, names = VOC_CLASSES, [coco_to_voc(name) for name in names]
        if not any(names):
            raise InputError(f"{path}: no category is one of VOC's 20 classes: expected some")
    elif class_set == "file":
        class_names = with_background(names, path)
    else:
        raise InputError(f"class_set {class_set!r}: expected one of {', '.join(CLASS_SETS)}")
    labels = {
        category["id"]: class_names.index(name)
        for category, name in zip(categories, names, strict=True)
        if name is not None
    }
    return class_names, labels


def _find_annotation_file(data_dir: str, split: str) -> str:
    folder = os.path.join(data_dir, "annotations")
    paths = [os.path.join(folder, f"instances_{split}{year}.json") for year in ("", "2017")]
    # Where there is none, the message about the missing file is load_coco's.
    return next(filter(files.exists, paths), paths[0])


def find_image_dir(data_dir: str, split: str) -> str:
    """The first of the places where COCO-style datasets keep their images.

    Raises:
        InputError: there is none of them.
    """
    usual = (
        split,
        os.path.join("images", split),
        "images",
        f"{split}2017",
        "JPEGImages",
        os.path.join("VOC2012", "JPEGImages"),
    )
    for name in usual:
        if files.is_folder(os.path.join(data_dir, name)):
            return os.path.join(data_dir, name)
    raise InputError(f"{data_dir}: no folder of images: expected one of {', '.join(usual)}")
