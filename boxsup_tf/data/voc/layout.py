"""Where the parts of a data set in VOC's layout, or one like it, lie."""

import dataclasses
import os

from boxsup_tf.data.file_index import find_file, normal_name
from boxsup_tf.data.id_list import read_ids
from boxsup_tf.data.source_image import IMAGE_ENDINGS
from boxsup_tf.data.split import split_ids
from boxsup_tf.data.voc.mask import MASK_ENDINGS
from boxsup_tf.errors import InputError, warn
from boxsup_tf.io import files

IMAGE_SETS = ("auto", "Segmentation", "Main")
_IMAGES, _BOXES, _MASKS, _LISTS = "JPEGImages", "Annotations", "SegmentationClass", "ImageSets"
# How others call the folders of images and of XML files.
_IMAGE_FOLDERS, _BOX_FOLDERS = (_IMAGES, "images", "Images"), (_BOXES, "annotations", "xmls")


@dataclasses.dataclass(frozen=True)
class VocLayout:
    """The folders of a data set.

    Attributes:
        root: the folder of VOC's year, or what takes its place.
        images, boxes, masks: folders of the images, XML files and class masks.
        is_flat: images and XML files lie in `root` itself, as LabelImg leaves them.
    """

    root: str
    images: str
    boxes: str
    masks: str
    is_flat: bool = False

    @classmethod
    def find(cls, data_dir: str, year: str, mask_dir: str = "") -> "VocLayout":
        """Looks for DATA_DIR/YEAR, for VOC's folders in DATA_DIR, and for XML files in it.

        Raises:
            InputError: there is none of these, or no `mask_dir`.
        """
        for root in (os.path.join(data_dir, year), data_dir):
            if any(files.is_folder(os.path.join(root, n)) for n in (*_IMAGE_FOLDERS, _LISTS)):
                images, boxes = _first(root, _IMAGE_FOLDERS), _first(root, _BOX_FOLDERS)
                return cls(root, images, boxes, _mask_folder(root, mask_dir))
        if any(files.matching(data_dir, "*.xml")):
            return cls(data_dir, data_dir, data_dir, _mask_folder(data_dir, mask_dir), True)
        raise InputError(
            f"{data_dir}: no data in VOC's layout: expected the folder {year} or {_IMAGES} in it, "
            "or images with .xml files beside them"
        )

    def image(self, source_id: str) -> str:
        """The path of an image; that of a JPEG where there is none."""
        return find_file(self.images, source_id, IMAGE_ENDINGS) or os.path.join(
            self.images, f"{source_id}{IMAGE_ENDINGS[0]}"
        )

    def xml(self, source_id: str) -> str | None:
        return find_file(self.boxes, source_id, (".xml",))

    def mask(self, source_id: str) -> str | None:
        return find_file(self.masks, source_id, MASK_ENDINGS)

    def xml_paths(self) -> list[str]:
        """All annotation files."""
        return sorted(files.matching(self.boxes, "*.xml"))

    def source_ids(self, split: str, image_set: str, val_share: float, optional: bool) -> list[str]:
        """The ids of ImageSets/*/SPLIT.txt; where there are no lists, of a part of all images.

        Raises:
            InputError: there is no such list, it is bad, or its entries are no ids; or as
                `split_ids`.
        """
        if image_set not in IMAGE_SETS:
            raise InputError(f"image_set {image_set!r}: expected one of {', '.join(IMAGE_SETS)}")
        lists = os.path.join(self.root, _LISTS)
        if self.is_flat or not files.is_folder(lists):
            return split_ids(self._annotated(optional), split, val_share, self.root)
        folders = IMAGE_SETS[1:] if image_set == "auto" else (image_set,)
        paths = [os.path.join(lists, folder, f"{split}.txt") for folder in folders]
        path = next(filter(files.exists, paths), None)
        if path is None:
            known = {p for folder in folders for p in self._lists_in(os.path.join(lists, folder))}
            raise InputError(
                f"{' and '.join(paths)}: no such list of images: expected one"
                + (f" (there are {', '.join(sorted(known)[:9])})" if known else "")
            )
        ids = read_ids(path, lambda line: files.exists(self.image(line)))
        first = ids[0]
        if first.lower().endswith(IMAGE_ENDINGS) and not files.exists(self.image(first)):
            stem = os.path.splitext(os.path.basename(first.split()[0]))[0]
            raise InputError(
                f"{path}: {first!r} is no id: expected ids without folder and ending, one a line, "
                f"such as {stem!r}"
            )
        return ids

    def _lists_in(self, folder: str) -> list[str]:
        return [os.path.basename(path)[: -len(".txt")] for path in files.matching(folder, "*.txt")]

    def _annotated(self, optional: bool) -> list[str]:
        """The ids of all images that have boxes or a mask; `optional`: of all."""
        names = sorted(files.names_in(self.images)) if files.is_folder(self.images) else []
        stems = [s for s, ending in map(os.path.splitext, names) if ending.lower() in IMAGE_ENDINGS]
        ids = list(dict.fromkeys(stems))
        if optional:
            return ids
        found = [i for i in ids if self.xml(i) or self.mask(i)]
        if left := [i for i in ids if i not in set(found)]:
            warn(f"{self.images}: {len(left)} images without annotations left out, first {left[0]}")
        return found

    def warn_of_strays(self) -> None:
        """Warns of masks and annotations that belong to no image."""
        if not files.is_folder(self.images):
            return
        names = files.names_in(self.images)
        stems = {normal_name(os.path.splitext(name)[0]) for name in names}
        for folder, endings in ((self.masks, MASK_ENDINGS), (self.boxes, (".xml",))):
            if folder == self.images or not files.is_folder(folder):
                continue
            strays = []
            for name in sorted(files.names_in(folder)):
                stem, ending = os.path.splitext(name)
                is_of_an_image = ending.lower() in endings and normal_name(stem) in stems
                if ending.lower() in (*IMAGE_ENDINGS, *endings) and not is_of_an_image:
                    strays.append(name)
            if strays:
                warn(
                    f"{folder}: {len(strays)} files belong to no image, the first {strays[0]}: "
                    f"expected ID{' or ID'.join(endings)}"
                )


def _first(root: str, names: tuple[str, ...]) -> str:
    paths = [os.path.join(root, name) for name in names]
    return next(filter(files.is_folder, paths), paths[0])


def _mask_folder(root: str, mask_dir: str) -> str:
    if not mask_dir:
        return os.path.join(root, _MASKS)
    paths = [mask_dir, os.path.join(root, mask_dir)]
    found = next(filter(files.is_folder, paths), None)
    if found is None:
        raise InputError(f"--mask_dir={mask_dir}: no such folder, nor {paths[1]}: expected masks")
    return found
