"""VOC 2012 and VOC 2007 in small, as VOCdevkit/VOC2012 and VOCdevkit/VOC2007.

M. Everingham et al., The PASCAL Visual Object Classes Challenge. VOC 2012 has a mask for some of
its images, boxes for more, and neither for its test list; VOC 2007 here has boxes only.
"""

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

import cv2
import numpy as np

from boxsup_tf import drawing
from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.io import files
from boxsup_tf.labels import VOC_CLASSES, VOID
from boxsup_tf.miniature.scene import Scene, draw_scene
from boxsup_tf.miniature.writing import write_bytes, write_jpeg, write_lines

_DIFFICULT = 0.02  # share of the image's area; smaller objects are called difficult
_OUTLINE = np.ones((3, 3), np.uint8)  # VOC's void border is some 5 pixels wide, here it is 2


def write_voc(
    folder: str,
    num_train: int = 24,
    num_val: int = 12,
    num_more: int = 12,
    num_test: int = 6,
    image_size: int = 112,
    seed: int = 0,
) -> None:
    """Writes VOCdevkit/VOC2012 and VOCdevkit/VOC2007.

    The lists in ImageSets/Segmentation are those of images with a mask, and those in
    ImageSets/Main have the images with boxes, too; VOC 2007's masks are listed and left out.

    Args:
        folder: made where it is missing.
        num_train, num_val: images with a mask, of each year.
        num_more: images that have boxes only, of each year.
        num_test: images of VOC 2012 without annotations, and of VOC 2007 with boxes.
        image_size: mean side, pixels.
        seed: another seed, other images.
    """
    for year, prefix in (("VOC2012", "2008_"), ("VOC2007", "")):
        root, is_2012 = os.path.join(folder, "VOCdevkit", year), year == "VOC2012"
        numbers = range(1, 1 + num_train + num_val + num_more + num_test)
        ids = [f"{prefix}{number:06d}" for number in numbers]
        ends = np.cumsum([num_train, num_val, num_more])
        train, val, more, test = (part.tolist() for part in np.split(np.array(ids), ends))
        for place, image_id in enumerate(ids):
            scene = draw_scene(seed, image_id, image_size)
            write_jpeg(os.path.join(root, "JPEGImages", f"{image_id}.jpg"), scene.image)
            has_mask = is_2012 and place < num_train + num_val
            if not is_2012 or place < ends[-1]:
                _write_boxes(root, year, image_id, scene, has_mask)
            if has_mask:
                _write_masks(root, image_id, scene)
        lists = {"train": train, "val": val, "test": test}
        _write_lists(os.path.join(root, "ImageSets", "Segmentation"), lists)
        with_boxes = {"train": train + more[::2], "val": val + more[1::2], "test": test}
        _write_lists(os.path.join(root, "ImageSets", "Main"), with_boxes)


def label_map(scene: Scene) -> np.ndarray:
    """uint8 [H, W] of VOC's labels, without void."""
    labels = [0, *(VOC_CLASSES.index(name) for name in scene.names)]
    return np.array(labels, np.uint8)[scene.owner]


def with_border(values: np.ndarray, scene: Scene) -> np.ndarray:
    """The same uint8 [H, W] with void along the outlines of a scene's objects, as VOC has it."""
    owner = scene.owner.astype(np.uint8)
    return np.where(cv2.dilate(owner, _OUTLINE) == cv2.erode(owner, _OUTLINE), values, VOID)


def _write_masks(root: str, image_id: str, scene: Scene) -> None:
    for name, values in (
        ("SegmentationClass", label_map(scene)),
        ("SegmentationObject", scene.owner.astype(np.uint8)),
    ):
        path = os.path.join(root, name, f"{image_id}.png")
        files.make_folders(os.path.dirname(path))
        drawing.write_palette_png(path, with_border(values, scene))


def _write_lists(folder: str, lists: dict[str, list[str]]) -> None:
    for split, ids in (lists | {"trainval": sorted(lists["train"] + lists["val"])}).items():
        write_lines(os.path.join(folder, f"{split}.txt"), sorted(ids))


def _write_boxes(root: str, year: str, image_id: str, scene: Scene, has_mask: bool) -> None:
    """An annotation with the tags of VOC's own, in their order."""
    height, width = scene.owner.shape
    annotation = ElementTree.Element("annotation")
    _add(annotation, folder=year, filename=f"{image_id}.jpg")
    source = ElementTree.SubElement(annotation, "source")
    _add(source, database="generated", annotation=f"PASCAL {year}", image="generated")
    _add(ElementTree.SubElement(annotation, "size"), width=width, height=height, depth=3)
    _add(annotation, segmented=int(has_mask))
    objects = zip(scene.names, scene.truncated, strict=True)
    for place, (name, is_truncated) in enumerate(objects, start=1):
        region = scene.owner == place
        item = ElementTree.SubElement(annotation, "object")
        is_difficult = region.sum() < _DIFFICULT * region.size
        _add(item, name=name, pose="Unspecified", truncated=int(is_truncated))
        _add(item, difficult=int(is_difficult))
        _add_box(item, tight_box_yxyx(region).tolist())
    ElementTree.indent(annotation, "\t")
    path = os.path.join(root, "Annotations", f"{image_id}.xml")
    write_bytes(path, ElementTree.tostring(annotation) + b"\n")


def _add_box(item: ElementTree.Element, box_yxyx: Sequence[int]) -> None:
    """VOC counts pixels from 1, and its maxima are the last pixels of an object."""
    ymin, xmin, ymax, xmax = box_yxyx
    bounds = ElementTree.SubElement(item, "bndbox")
    _add(bounds, xmin=xmin + 1, ymin=ymin + 1, xmax=xmax, ymax=ymax)


def _add(parent: ElementTree.Element, **tags: object) -> None:
    for tag, value in tags.items():
        ElementTree.SubElement(parent, tag).text = str(value)
