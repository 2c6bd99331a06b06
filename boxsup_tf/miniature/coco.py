"""COCO 2014 in small: instances_train2014.json and instances_val2014.json, and their images.

T.-Y. Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014; https://cocodataset.org.
"""

import os

import cv2
import numpy as np

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.labels import COCO_CLASSES, coco_to_voc
from boxsup_tf.miniature.scene import Scene, draw_scene
from boxsup_tf.miniature.writing import write_jpeg, write_json

# The published ids of the 80 categories are those of 91 without these.
_UNUSED_IDS = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91)
CATEGORY_IDS = tuple(number for number in range(1, 92) if number not in _UNUSED_IDS)
_SUPERCATEGORIES = {  # by the first id
    1: "person",
    2: "vehicle",
    10: "outdoor",
    16: "animal",
    27: "accessory",
    34: "sports",
    44: "kitchen",
    52: "food",
    62: "furniture",
    72: "electronic",
    78: "appliance",
    84: "indoor",
}
_ID_OF_VOC_NAME = {
    coco_to_voc(name): number for number, name in zip(CATEGORY_IDS, COCO_CLASSES[1:], strict=True)
}
_CROWD_EVERY = 6  # images; the first of a split has one
_ENLARGED = 3


def write_coco(
    folder: str, num_train: int = 24, num_val: int = 12, image_size: int = 112, seed: int = 0
) -> None:
    """Writes annotations/instances_{train,val}2014.json and {train,val}2014/COCO_*.jpg.

    Args:
        folder: made where it is missing.
        num_train, num_val: images of the two splits, numbered through.
        image_size: mean side, pixels.
        seed: another seed, other images.
    """
    first = 1
    for split, number in (("train2014", num_train), ("val2014", num_val)):
        images, annotations = [], []
        for image_id in range(first, first + number):
            stem = f"COCO_{split}_{image_id:012d}"
            scene = draw_scene(seed, stem, image_size)
            write_jpeg(os.path.join(folder, split, f"{stem}.jpg"), scene.image)
            height, width = scene.owner.shape
            images.append(
                {
                    "license": 1,
                    "file_name": f"{stem}.jpg",
                    "height": height,
                    "width": width,
                    "date_captured": "2014-01-01 00:00:00",
                    "id": image_id,
                }
            )
            has_crowd = (image_id - first) % _CROWD_EVERY == 0
            annotations += _annotations(scene, image_id, has_crowd)
        dataset = {
            "info": {"description": "generated, in the layout of COCO 2014", "year": 2014},
            "images": images,
            "licenses": [{"id": 1, "name": "generated", "url": ""}],
            "annotations": annotations,
            "categories": _categories(),
        }
        write_json(os.path.join(folder, "annotations", f"instances_{split}.json"), dataset)
        first += number


def _categories() -> list[dict]:
    found = []
    for number, name in zip(CATEGORY_IDS, COCO_CLASSES[1:], strict=True):
        first = max(start for start in _SUPERCATEGORIES if start <= number)
        found.append({"supercategory": _SUPERCATEGORIES[first], "id": number, "name": name})
    return found


def _annotations(scene: Scene, image_id: int, has_crowd: bool) -> list[dict]:
    """An image's objects; where it has a crowd, those named as the last one are one region."""
    crowd_name = scene.names[-1] if has_crowd and scene.names else ""
    regions = [
        (name, scene.owner == place, False)
        for place, name in enumerate(scene.names, start=1)
        if name != crowd_name
    ]
    if crowd_name:
        named = [place for place, name in enumerate(scene.names, start=1) if name == crowd_name]
        regions.append((crowd_name, np.isin(scene.owner, named), True))
    annotations = []
    for place, (name, region, is_crowd) in enumerate(regions):
        ymin, xmin, ymax, xmax = tight_box_yxyx(region).tolist()
        annotations.append(
            {
                "segmentation": _runs(region) if is_crowd else polygons(region),
                "area": float(region.sum()),
                "iscrowd": int(is_crowd),
                "image_id": image_id,
                "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
                "category_id": _ID_OF_VOC_NAME[name],
                "id": 100 * image_id + place,
            }
        )
    return annotations


def polygons(region: np.ndarray) -> list[list[float]]:
    """The outlines of a region's parts, without its holes, as COCO's [x0, y0, x1, y1, ...].

    The outline of an enlarged copy runs through the outer pixels' thirds, and so round their
    centres: an outline through the centres themselves would lose a pixel on two sides.

    Args:
        region: bool [H, W].
    """
    large = np.kron(region, np.ones((_ENLARGED, _ENLARGED), np.uint8)).astype(np.uint8)
    found = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    outlines = [((points.reshape(-1) + 0.5) / _ENLARGED).round(2).tolist() for points in found]
    return [outline for outline in outlines if len(outline) >= 6]


def _runs(region: np.ndarray) -> dict:
    """Uncompressed run lengths, as COCO has them for crowds: down the columns, zeros first."""
    values = np.concatenate([[False], region.ravel(order="F")])
    edges = np.flatnonzero(np.diff(values))
    counts = np.diff([0, *edges, region.size]).tolist()
    return {"counts": counts, "size": list(region.shape)}
