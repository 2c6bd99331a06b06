"""PASCAL VOC's layout: a list of images, XML boxes and palette PNG masks.

Users' own data in this layout is read too, with classes of their own: with boxes only,
masks only, or both, image by image.
"""

import os
from collections.abc import Iterator

import numpy as np

from boxsup_tf.data.id_list import read_ids
from boxsup_tf.data.reader import list_settings
from boxsup_tf.data.voc.example import voc_example
from boxsup_tf.data.voc.mask import read_voc_mask
from boxsup_tf.data.voc.xml import read_labels, read_objects
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.records.example import Example, check_mask, read_image_file

IMAGE_SETS = ("auto", "Segmentation", "Main")
ANNOTATIONS = ("required", "optional")

_IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png")


class VocReader:
    """A VOC dataset, a `reader.Reader`.

    Args:
        data_dir: the VOCdevkit: the folder that holds `year`.
        split: name of a list in ImageSets.
        year: the folder that holds Annotations, ImageSets, JPEGImages, SegmentationClass.
        class_names: in the order of their labels; 0 is the background.
        image_set: the folder of the list; "auto": Segmentation or, failing that, Main. VOC 2007's
            trainval has 422 images in the one and 5,011 in the other.
        annotations: "required"; or "optional": an image with neither boxes nor a mask is an
            example without them, as all of VOC's test list are, and no error.

    Raises:
        InputError: the list is missing, empty, or names an image twice; or `image_set` or
            `annotations` is none of these.
    """

    def __init__(
        self,
        data_dir: str,
        split: str,
        year: str = "VOC2012",
        class_names: tuple[str, ...] = VOC_CLASSES,
        image_set: str = "auto",
        annotations: str = "required",
    ) -> None:
        if annotations not in ANNOTATIONS:
            raise InputError(f"annotations {annotations!r}: expected {' or '.join(ANNOTATIONS)}")
        self.class_names = tuple(class_names)
        self._root = os.path.join(data_dir, year)
        self._is_optional = annotations == "optional"
        self.source_ids = _read_list(self._root, split, image_set)
        self.settings = {"dataset": "voc", "split": split, "year": year}
        if self._is_optional:
            self.settings["annotations"] = annotations
        self.settings |= list_settings(self.source_ids)

    def __len__(self) -> int:
        return len(self.source_ids)

    def __getitem__(self, index: int) -> Example:
        source_id = self.source_ids[index]
        image_path = self._image_path(source_id)
        xml_path, mask_path = self._annotation_paths(source_id)
        image = read_image_file(image_path)
        _, height, width = image
        mask = read_voc_mask(mask_path) if mask_path else None
        if mask is not None:
            check_mask(mask, height, width, len(self.class_names), mask_path)
        objects = read_objects(xml_path, height, width, self.class_names) if xml_path else None
        return voc_example(source_id, image_path, image, objects, mask)

    def labels_in(self, index: int) -> Iterator[int]:
        xml_path, mask_path = self._annotation_paths(self.source_ids[index])
        if xml_path:
            yield from read_labels(xml_path, self.class_names)
        if mask_path:
            yield from np.unique(read_voc_mask(mask_path)).tolist()

    def _annotation_paths(self, source_id: str) -> tuple[str, str]:
        """The XML file and the mask; empty for the one that is not there."""
        xml_path = os.path.join(self._root, "Annotations", f"{source_id}.xml")
        mask_path = os.path.join(self._root, "SegmentationClass", f"{source_id}.png")
        has_boxes, has_mask = files.exists(xml_path), files.exists(mask_path)
        if not has_boxes and not has_mask and not self._is_optional:
            raise InputError(
                f"{self._image_path(source_id)}: no annotation: expected {xml_path} or "
                f"{mask_path} or both (--annotations=optional does without)"
            )
        return xml_path if has_boxes else "", mask_path if has_mask else ""

    def _image_path(self, source_id: str) -> str:
        return find_image(os.path.join(self._root, "JPEGImages"), source_id)


def find_image(folder: str, source_id: str) -> str:
    """The path of an image; that of a JPEG where there is none."""
    stem = os.path.join(folder, source_id)
    found = (stem + extension for extension in _IMAGE_EXTENSIONS)
    # The message about a missing image is read_image_file's, about the usual name.
    return next(filter(files.exists, found), stem + _IMAGE_EXTENSIONS[0])


def _read_list(root: str, split: str, image_set: str) -> list[str]:
    """The ids of ImageSets/*/SPLIT.txt."""
    if image_set not in IMAGE_SETS:
        raise InputError(f"image_set {image_set!r}: expected one of {', '.join(IMAGE_SETS)}")
    folders = IMAGE_SETS[1:] if image_set == "auto" else (image_set,)
    paths = [os.path.join(root, "ImageSets", folder, f"{split}.txt") for folder in folders]
    path = next(filter(files.exists, paths), None)
    if path is None:
        raise InputError(f"{' and '.join(paths)}: no such list of images: expected one")
    return read_ids(path)
