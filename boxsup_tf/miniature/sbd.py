"""SBD in small, as benchmark_RELEASE, and the usual folder of PNGs that is made from it.

B. Hariharan et al., Semantic Contours from Inverse Detectors, ICCV 2011.
"""

import os

import cv2
import numpy as np
import scipy.sparse

from boxsup_tf.data.id_list import read_ids
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.miniature.scene import Scene, draw_scene
from boxsup_tf.miniature.voc import label_map, with_border
from boxsup_tf.miniature.writing import write_bytes, write_jpeg, write_lines, write_mat
from boxsup_tf.records.example import encode_mask

_VAL_EVERY = 4  # images, of SBD's own lists


def write_sbd(folder: str, image_size: int = 112, seed: int = 0) -> None:
    """Writes benchmark_RELEASE, and VOCdevkit/VOC2012/SegmentationClassAug.

    SBD has all images that VOC 2012 has only boxes for, every other one of VOC's train list, and
    every third one of its val list: some of these are in SBD's own train list.

    Args:
        folder: `voc.write_voc` wrote into it, with the same size and seed.
        image_size: mean side, pixels.
        seed: another seed, other images.
    """
    root = os.path.join(folder, "benchmark_RELEASE", "dataset")
    voc = os.path.join(folder, "VOCdevkit", "VOC2012")
    train, val, trainval = (
        read_ids(os.path.join(voc, "ImageSets", "Segmentation", f"{split}.txt"))
        for split in ("train", "val", "trainval")
    )
    with_boxes = read_ids(os.path.join(voc, "ImageSets", "Main", "trainval.txt"))
    more = [image_id for image_id in with_boxes if image_id not in trainval]
    ids = sorted(more + train[::2] + val[::3])
    own_val = ids[::-_VAL_EVERY][::-1]
    write_lines(os.path.join(root, "val.txt"), own_val)
    write_lines(os.path.join(root, "train.txt"), [name for name in ids if name not in own_val])
    for image_id in sorted({*ids, *trainval}):
        scene = draw_scene(seed, image_id, image_size)
        labels = label_map(scene)
        if image_id in ids:
            write_jpeg(os.path.join(root, "img", f"{image_id}.jpg"), scene.image)
            write_mat(os.path.join(root, "cls", f"{image_id}.mat"), {"GTcls": _classes(labels)})
            write_mat(os.path.join(root, "inst", f"{image_id}.mat"), {"GTinst": _instances(scene)})
        if image_id in trainval:
            labels = with_border(labels, scene)
        path = os.path.join(voc, "SegmentationClassAug", f"{image_id}.png")
        write_bytes(path, encode_mask(labels))


def _classes(labels: np.ndarray) -> dict:
    present = np.setdiff1d(labels, [0])
    return {
        "Segmentation": labels,
        "Boundaries": _boundaries(labels, len(VOC_CLASSES) - 1),
        "CategoriesPresent": present[:, None],
    }


def _instances(scene: Scene) -> dict:
    categories = [VOC_CLASSES.index(name) for name in scene.names]
    return {
        "Segmentation": scene.owner.astype(np.uint8),
        "Boundaries": _boundaries(scene.owner, len(categories)),
        "Categories": np.array(categories, np.uint8)[:, None],
    }


def _boundaries(numbers: np.ndarray, largest: int) -> np.ndarray:
    """A cell with a sparse logical array for each of 1 .. largest: its region's outer pixels."""
    cells = np.empty((largest, 1), object)
    for number in range(1, largest + 1):
        region = (numbers == number).astype(np.uint8)
        inside = cv2.erode(region, np.ones((3, 3), np.uint8))
        cells[number - 1, 0] = scipy.sparse.csc_array(region > inside)
    return cells
