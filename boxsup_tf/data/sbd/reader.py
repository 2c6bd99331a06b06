"""VOC 2012 with the masks of SBD: the 10,582 images that DeepLab and BoxSup train from.

B. Hariharan et al., Semantic Contours from Inverse Detectors, ICCV 2011: masks for 11,355 images of
VOC, in lists of their own, which hold images of VOC's validation list.

Of an image with both masks, VOC's is taken, as in the usual folder SegmentationClassAug: it was
drawn with more care, and has a void border where SBD's has none. Boxes are those of VOC's XML,
which VOC 2012 has for all of these images; failing that, the tight boxes of SBD's instances.
"""

import os
from collections.abc import Iterator

import numpy as np

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.data.file_index import find_file
from boxsup_tf.data.id_list import read_ids
from boxsup_tf.data.reader import list_settings
from boxsup_tf.data.sbd.lists import TRAIN_AUG, read_train_aug
from boxsup_tf.data.sbd.mat import read_instances
from boxsup_tf.data.source_image import IMAGE_ENDINGS, SourceImage, read_source_image
from boxsup_tf.data.voc.example import voc_example
from boxsup_tf.data.voc.mask import read_voc_mask
from boxsup_tf.data.voc.xml import VocObject, read_labels, read_objects
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.records.example import Example, check_mask


class SbdReader:
    """VOC 2012 with SBD, a `reader.Reader`.

    Args:
        data_dir: the VOCdevkit: the folder that holds VOC2012.
        split: "train_aug", see `lists.read_train_aug`; or "train", "val" or another list of
            SBD's, which hold images of VOC's validation list.
        sbd_dir: SBD's benchmark_RELEASE, or the folder dataset in it: cls, inst, img and lists.
        mask_dir: PNGs of labels in place of SBD's cls, such as SegmentationClassAug. Then `sbd_dir`
            may be empty: the list is VOC2012/ImageSets/Segmentation/train_aug.txt or trainaug.txt,
            and images without XML have no boxes.

    Raises:
        InputError: a folder or list is missing, or a list is empty, names an image twice, or has
            images of VOC's validation list that it must not have.
    """

    class_names = VOC_CLASSES

    def __init__(self, data_dir: str, split: str, sbd_dir: str = "", mask_dir: str = "") -> None:
        if not sbd_dir and not mask_dir:
            raise InputError("SBD: no folder: expected sbd_dir, or mask_dir, or both")
        inner = os.path.join(sbd_dir, "dataset")
        self._voc = os.path.join(data_dir, "VOC2012")
        self._sbd = inner if sbd_dir and files.is_folder(inner) else sbd_dir
        self._mask_dir = mask_dir
        needed = [mask_dir] if mask_dir else [os.path.join(self._sbd, "cls")]
        needed += [os.path.join(self._sbd, "inst")] if sbd_dir else []
        for folder in needed:
            if not files.is_folder(folder):
                raise InputError(f"{folder}: no such folder: expected annotations of SBD")
        self.settings: dict = {"dataset": "sbd", "split": split}
        self.settings["masks"] = "png" if mask_dir else "mat"
        if split == TRAIN_AUG:
            self.source_ids, self.settings["lists"] = read_train_aug(self._voc, self._sbd)
        elif sbd_dir:
            self.source_ids = read_ids(os.path.join(self._sbd, f"{split}.txt"))
        else:
            raise InputError(f"split {split!r}: without sbd_dir, expected {TRAIN_AUG}")
        self.settings |= list_settings(self.source_ids)

    def __len__(self) -> int:
        return len(self.source_ids)

    def __getitem__(self, index: int) -> Example:
        source_id = self.source_ids[index]
        image = read_source_image(self._image_path(source_id), source_id)
        mask_path = self._mask_path(source_id)
        mask = read_voc_mask(mask_path)
        check_mask(mask, image.height, image.width, len(VOC_CLASSES), mask_path)
        return voc_example(source_id, image, self._objects(source_id, image), mask)

    def labels_in(self, index: int) -> Iterator[int]:
        source_id = self.source_ids[index]
        xml_path = self._xml_path(source_id)
        if files.exists(xml_path):
            yield from read_labels(xml_path, VOC_CLASSES)
        yield from np.unique(read_voc_mask(self._mask_path(source_id))).tolist()
        if self._sbd and not files.exists(xml_path):
            yield from read_instances(self._instances_path(source_id))[1].tolist()

    def _image_path(self, source_id: str) -> str:
        folder = os.path.join(self._voc, "JPEGImages")
        found = find_file(folder, source_id, IMAGE_ENDINGS)
        if not found and self._sbd:
            folder = os.path.join(self._sbd, "img")
            found = find_file(folder, source_id, IMAGE_ENDINGS)
        return found or os.path.join(folder, f"{source_id}.jpg")

    def _mask_path(self, source_id: str) -> str:
        of_voc = os.path.join(self._voc, "SegmentationClass", f"{source_id}.png")
        if files.exists(of_voc):
            return of_voc
        if self._mask_dir:
            return os.path.join(self._mask_dir, f"{source_id}.png")
        return os.path.join(self._sbd, "cls", f"{source_id}.mat")

    def _xml_path(self, source_id: str) -> str:
        return os.path.join(self._voc, "Annotations", f"{source_id}.xml")

    def _instances_path(self, source_id: str) -> str:
        return os.path.join(self._sbd, "inst", f"{source_id}.mat")

    def _objects(self, source_id: str, image: SourceImage) -> list[VocObject] | None:
        """VOC's objects or, failing that, SBD's; None where it has neither."""
        xml_path = self._xml_path(source_id)
        if files.exists(xml_path):
            return read_objects(xml_path, image, VOC_CLASSES)
        if not self._sbd:
            return None
        path = self._instances_path(source_id)
        owner, labels = read_instances(path)
        check_mask(owner, image.height, image.width, labels.size + 1, path)
        seen = [(owner == place, label) for place, label in enumerate(labels.tolist(), start=1)]
        return [
            VocObject(tuple(tight_box_yxyx(region).tolist()), label, False, False)
            for region, label in seen
            if region.any()
        ]
