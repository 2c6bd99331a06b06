"""PASCAL VOC's layout: a list of images, XML boxes and palette PNG masks.

Users' own data in this layout is read too, with classes of their own: with boxes only, masks only,
or both, image by image; with lists of images, or all of a folder, as LabelImg leaves it.
"""

import os
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from boxsup_tf.data.mending import NO_CLASS_PIXEL, note
from boxsup_tf.data.reader import list_settings
from boxsup_tf.data.source_image import AS_THEY_ARE, ImageOptions, read_source_image
from boxsup_tf.data.voc.classes import VocClasses
from boxsup_tf.data.voc.example import voc_example
from boxsup_tf.data.voc.layout import VocLayout
from boxsup_tf.data.voc.xml import VocObject, read_labels, read_objects
from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.records.example import Example, check_mask

ANNOTATIONS = ("required", "optional")


class VocReader:
    """A VOC dataset, a `reader.Reader`.

    Args:
        data_dir: the VOCdevkit, which holds the folder `year`; or that folder itself; or a folder
            of images with XML files beside them.
        split: name of a list in ImageSets; where there are none, one of `split.PARTS`.
        year: the folder that holds Annotations, ImageSets, JPEGImages, SegmentationClass.
        class_names: in the order of their labels; 0 is the background. None: those of the masks'
            labelmap.txt where there is one; where the XML files lie beside the images, the names
            that occur in them, sorted; else VOC's.
        image_set: the folder of the list; "auto": Segmentation or, failing that, Main. VOC 2007's
            trainval has 422 images in the one and 5,011 in the other.
        annotations: "required"; or "optional": an image with neither boxes nor a mask is an
            example without them, as all of VOC's test list are, and no error.
        mask_dir: masks in place of SegmentationClass: a path, or a folder beside that.
        val_share: see `split.split_ids`.
        images: how image files are read.
        chosen: names of the classes that alone are of interest: where VOC's classes would be taken,
            other names that occur are classes, too, and where a mask could not tell all of them
            apart, all others are one. Empty: all classes are of interest.

    Raises:
        InputError: a folder or list is missing, empty, or names an image twice; `image_set` or
            `annotations` is none of these; or as `VocClasses.find`.
    """

    def __init__(
        self,
        data_dir: str,
        split: str,
        year: str = "VOC2012",
        class_names: Sequence[str] | None = None,
        image_set: str = "auto",
        annotations: str = "required",
        mask_dir: str = "",
        val_share: float = 0.2,
        images: ImageOptions = AS_THEY_ARE,
        chosen: Collection[str] = (),
    ) -> None:
        if annotations not in ANNOTATIONS:
            raise InputError(f"annotations {annotations!r}: expected {' or '.join(ANNOTATIONS)}")
        self._layout = VocLayout.find(data_dir, year, mask_dir)
        self._images, self._is_optional = images, annotations == "optional"
        self.source_ids = self._layout.source_ids(split, image_set, val_share, self._is_optional)
        self._classes = VocClasses.find(self._layout, class_names, chosen)
        self.class_names = self._classes.names
        self._layout.warn_of_strays()
        self.settings = {"dataset": "voc", "split": split, "year": year}
        if self._is_optional:
            self.settings["annotations"] = annotations
        if mask_dir:
            self.settings["masks"] = os.path.basename(os.path.normpath(mask_dir))
        self.settings |= images.settings | list_settings(self.source_ids)

    def __len__(self) -> int:
        return len(self.source_ids)

    def __getitem__(self, index: int) -> Example:
        source_id = self.source_ids[index]
        xml_path, mask_path = self._annotation_paths(source_id)
        image_path = self._layout.image(source_id)
        image = read_source_image(image_path, source_id, self._images)
        mask = None
        if mask_path:
            labels = self._classes.read_mask(mask_path)
            frame = image.frame(labels.shape[:2], f"{mask_path}: the mask")
            check_mask(labels, frame.height, frame.width, len(self.class_names), mask_path)
            mask = frame.turn(labels)
        objects = read_objects(xml_path, image, self.class_names) if xml_path else None
        if mask is not None and _lacks_classes(mask, objects):
            image.notes.append(note(NO_CLASS_PIXEL, os.path.basename(mask_path or "")))
        return voc_example(source_id, image, objects, mask)

    def labels_in(self, index: int) -> Iterator[int]:
        xml_path, mask_path = self._annotation_paths(self.source_ids[index])
        if xml_path:
            yield from read_labels(xml_path, self.class_names)
        if mask_path:
            yield from np.unique(self._classes.read_mask(mask_path)).tolist()

    def _annotation_paths(self, source_id: str) -> tuple[str | None, str | None]:
        """The XML file and the mask; None for the one that is not there."""
        xml_path, mask_path = self._layout.xml(source_id), self._layout.mask(source_id)
        if not xml_path and not mask_path and not self._is_optional:
            raise InputError(
                f"{self._layout.image(source_id)}: no annotation: expected "
                f"{self._layout.boxes}/{source_id}.xml or {self._layout.masks}/{source_id}.png or "
                "both (--annotations=optional does without)"
            )
        return xml_path, mask_path


def _lacks_classes(mask: np.ndarray, objects: Sequence[VocObject] | None) -> bool:
    """Whether a mask has no class although there is one: its objects are void or background."""
    values = set(np.unique(mask).tolist())
    return values <= {BACKGROUND, VOID} and bool(objects or (objects is None and VOID in values))
