"""COCO's layout: one JSON with boxes, polygons and run lengths for a folder of images."""

import os
from collections.abc import Collection, Iterator

import numpy as np

from boxsup_tf.data.coco.classes import classes_of
from boxsup_tf.data.coco.file import image_stem, load_coco
from boxsup_tf.data.coco.layout import find_annotation_file, find_image, find_image_dir
from boxsup_tf.data.coco.mask import box_of, edges_of, paint_class_mask
from boxsup_tf.data.coco.segmentation import has_outline
from boxsup_tf.data.mending import NO_SIZE, SPECK, Notes, note, usable_box
from boxsup_tf.data.reader import list_settings
from boxsup_tf.data.source_image import AS_THEY_ARE, ImageOptions, read_source_image
from boxsup_tf.records.example import Example


class CocoReader:
    """A COCO dataset, a `reader.Reader`.

    Args:
        data_dir: holds the JSON and the images, in one of the places that `layout` knows, such as
            annotations/instances_SPLIT.json.
        split: "train", "val2017", "train2014", ...
        class_set: "coco" for its 80 classes; "voc" for the 20 of them that VOC has, where
            what belongs to others counts as background and their boxes are left out; "file"
            for the categories of the JSON itself in the order of their ids.
        annotation_file: a JSON elsewhere.
        image_dir: a folder of images elsewhere.
        images: how image files are read.
        chosen: see `classes.classes_of`.

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
        images: ImageOptions = AS_THEY_ARE,
        chosen: Collection[str] = (),
    ) -> None:
        arguments = (data_dir, split, class_set, annotation_file, image_dir, images, tuple(chosen))
        self._arguments, self._options = arguments, images
        path = annotation_file or find_annotation_file(data_dir, split)
        self._file = load_coco(path)
        self.class_names, self._label_of = classes_of(self._file, class_set, chosen)
        self._images = self._file.images
        file_names = [image["file_name"] for image in self._images]
        self._image_dir = image_dir or find_image_dir(data_dir, split, path, file_names)
        self.settings = {"dataset": "coco", "split": split, "class_set": class_set}
        self.source_ids = [image_stem(image) for image in self._images]
        self.settings |= images.settings | list_settings(self.source_ids)

    def __reduce__(self) -> tuple:
        """A copy in another process reads the JSON itself: half a gigabyte need not travel."""
        return type(self), self._arguments

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Example:
        record = self._images[index]
        name = record["file_name"]
        image_path = find_image(self._image_dir, name) or os.path.join(self._image_dir, name)
        image = read_source_image(image_path, image_stem(record), self._options)
        declared = record["height"] and (record["height"], record["width"])
        if not declared:
            image.notes.append(note(NO_SIZE, name))
        frame = image.frame(declared, f"{self._file.path}: image {name!r}")
        kept = self._annotations(record, image.notes)
        size = (frame.height, frame.width)
        annotated = [(box_of(a, *size), a) for a in kept]
        boxed = [
            (frame.turn_box(box), a)
            for found, a in annotated
            if (box := usable_box(found, *size, a["where"], image.notes))
        ]
        mask = paint_class_mask(kept, self._label_of, frame.height, frame.width, image.notes)
        return Example(
            **image.example(image_stem(record)),
            boxes=np.array([box for box, _ in boxed], np.float32).reshape(-1, 4),
            labels=np.array([self._label_of[a["category_id"]] for _, a in boxed], np.int64),
            difficult=np.zeros(len(boxed), bool),
            truncated=np.zeros(len(boxed), bool),
            is_crowd=np.array([a["iscrowd"] for _, a in boxed], bool),
            mask=None if mask is None else frame.turn(mask),
        )

    def labels_in(self, index: int) -> Iterator[int]:
        kept = self._annotations(self._images[index], [])
        return (self._label_of[annotation["category_id"]] for annotation in kept)

    def _annotations(self, record: dict, notes: Notes) -> list[dict]:
        """An image's annotations that belong to a class, without specks."""
        kept = []
        for annotation in self._file.annotations[record["id"]]:
            if annotation["category_id"] not in self._label_of:
                continue
            ymin, xmin, ymax, xmax = edges_of(annotation)
            is_speck = ymax - ymin <= 1 and xmax - xmin <= 1
            if is_speck and annotation["segmentation"] and not has_outline(annotation):
                notes.append(note(SPECK, annotation["where"]))
            else:
                kept.append(annotation)
        return kept
