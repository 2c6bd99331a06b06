"""PASCAL-Context in small, as both of its releases.

R. Mottaghi et al., The Role of Context for Object Detection and Semantic Segmentation in the Wild,
CVPR 2014. Of the 459 categories, the names of those that belong to no class are made up.
"""

import os

import numpy as np
from pycocotools import mask as mask_utils

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.labels import CONTEXT_CLASSES
from boxsup_tf.miniature.scene import Scene, draw_scene
from boxsup_tf.miniature.writing import write_jpeg, write_json, write_lines, write_mat

NUM_CATEGORIES = 459
# The published numbers of the 59 classes' categories, in the order of the classes.
CLASS_CATEGORIES = (
    *(2, 23, 25, 31, 34, 45, 59, 65, 72, 98, 397, 113, 207, 258, 284, 308, 347, 368, 416, 427),
    *(9, 18, 22, 33, 44, 46, 68, 80, 85, 104, 115, 144, 158, 159, 162, 187, 189, 220, 232, 259),
    *(260, 105, 296, 355, 295, 324, 326, 349, 354, 360, 366, 19, 415, 420, 424, 440, 445, 454, 458),
)
_CATEGORY_OF = dict(zip(CONTEXT_CLASSES[1:], CLASS_CATEGORIES, strict=True))
_OTHER = 382  # none of the 59
# What 59_labels.txt calls otherwise than labels.txt.
_NAMES_IN_59 = {"table": "diningtable", "cloth": "clothes", "bedclothes": "bedcloth"}
_ANIMALS = ("bird", "cat", "cow", "dog", "horse", "sheep")
_BACKDROPS = (("sky", "grass"), ("wall", "floor"), ("building", "road"), ("mountain", "water"))
_TINTS = {  # RGB
    "sky": (120, 170, 230),
    "grass": (60, 150, 50),
    "wall": (210, 190, 160),
    "floor": (130, 90, 60),
    "building": (150, 140, 150),
    "road": (70, 70, 75),
    "mountain": (110, 120, 90),
    "water": (40, 80, 160),
}
_OTHER_TINT = (230, 60, 160)


def write_context(
    folder: str, num_train: int = 24, num_val: int = 12, image_size: int = 112, seed: int = 0
) -> None:
    """Writes VOCdevkit/VOC2010 with images and lists, and the labels of both releases.

    pascal-context/ holds labels.txt, 59_labels.txt and trainval/ID.mat, and trainval_merged.json.

    Args:
        folder: made where it is missing.
        num_train, num_val: images of the two splits.
        image_size: mean side, pixels.
        seed: another seed, other images.
    """
    voc, context = (
        os.path.join(folder, "VOCdevkit", "VOC2010"),
        os.path.join(folder, "pascal-context"),
    )
    images: list[dict] = []
    annotations: list[dict] = []
    stems: dict[str, list[str]] = {"train": [], "val": []}
    for place in range(num_train + num_val):
        phase = "train" if place < num_train else "val"
        stem = f"2008_{place + 1:06d}"
        stems[phase].append(stem)
        image, label_map, regions = _draw(seed, stem, image_size)
        write_jpeg(os.path.join(voc, "JPEGImages", f"{stem}.jpg"), image)
        write_mat(os.path.join(context, "trainval", f"{stem}.mat"), {"LabelMap": label_map})
        image_id = int(stem.replace("_", ""))
        images.append(
            {
                "file_name": f"{stem}.jpg",
                "phase": phase,
                "height": label_map.shape[0],
                "width": label_map.shape[1],
                "date_captured": "31-Oct-2007",
                "image_id": image_id,
            }
        )
        for category, region in regions:
            annotations.append(_annotation(len(annotations) + 1, image_id, category, region))
    for split, listed in (stems | {"trainval": stems["train"] + stems["val"]}).items():
        write_lines(os.path.join(voc, "ImageSets", "Main", f"{split}.txt"), listed)
    names = _names()
    _write_labels(os.path.join(context, "labels.txt"), names)
    in_59 = [_NAMES_IN_59.get(name, name) for name in CONTEXT_CLASSES[1:]]
    _write_labels(os.path.join(context, "59_labels.txt"), dict(enumerate(in_59, start=1)))
    dataset = {
        "info": {"description": "generated, in the layout of PASCAL in Detail"},
        "images": images,
        "categories": [_category(number, name) for number, name in names.items()],
        "parts": [],
        "annos_segmentation": annotations,
        "annos_occlusion": [],
        "annos_boundary": [],
        "annos_joints": [],
    }
    write_json(os.path.join(context, "trainval_merged.json"), dataset)


def _draw(
    seed: int, stem: str, image_size: int
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, np.ndarray]]]:
    """An image; its LabelMap, uint16 [H, W]; and the regions of it: category and bool [H, W].

    Behind the objects of a scene are two classes of a backdrop, above and below a horizon, and
    something that is none of the 59; each has its own tint.
    """
    scene = draw_scene(seed, stem, image_size)
    rng = np.random.default_rng([seed, len(stem), *stem.encode()])
    height, width = scene.owner.shape
    y, x = np.mgrid[:height, :width]
    above, below = _BACKDROPS[rng.integers(len(_BACKDROPS))]
    wave = np.sin(x * rng.uniform(0.03, 0.1) + rng.uniform(0, 6)) * height / 20
    is_above = y + wave < height * rng.uniform(0.3, 0.7)
    center_y, center_x = rng.uniform(0.2, 0.8, 2) * (height, width)
    is_other = np.hypot(y - center_y, x - center_x) < image_size * rng.uniform(0.1, 0.2)
    behind = scene.owner == 0
    regions = [
        (_CATEGORY_OF[above], behind & is_above & ~is_other),
        (_CATEGORY_OF[below], behind & ~is_above & ~is_other),
        (_OTHER, behind & is_other),
    ]
    image = scene.image.astype(np.float64)
    tints = (_TINTS[above], _TINTS[below], _OTHER_TINT)
    for (_, region), tint in zip(regions, tints, strict=True):
        image[region] = 0.5 * image[region] + 0.5 * np.array(tint)
    regions += _objects(scene)
    regions = [(category, region) for category, region in regions if region.any()]
    label_map = np.zeros((height, width), np.uint16)
    for category, region in regions:
        label_map[region] = category
    return image.astype(np.uint8), label_map, regions


def _objects(scene: Scene) -> list[tuple[int, np.ndarray]]:
    return [
        (_CATEGORY_OF[name], scene.owner == place)
        for place, name in enumerate(scene.names, start=1)
    ]


def _names() -> dict[int, str]:
    """The categories' names by number."""
    names = {number: f"other {number}" for number in range(1, NUM_CATEGORIES + 1)}
    return names | {number: name for name, number in _CATEGORY_OF.items()}


def _write_labels(path: str, names: dict[int, str]) -> None:
    write_lines(path, [f"{number}: {name}" for number, name in names.items()])


def _category(number: int, name: str) -> dict:
    is_class = number in CLASS_CATEGORIES[:20]  # those of VOC, which have instances
    kind = "animal" if name in _ANIMALS else "object" if is_class else "background"
    return {
        "category_id": number,
        "name": name,
        "supercategory": kind,
        "onlysemantic": int(not is_class),
        "parts": [],
    }


def _annotation(number: int, image_id: int, category: int, region: np.ndarray) -> dict:
    rle = mask_utils.encode(np.asfortranarray(region, np.uint8))
    ymin, xmin, ymax, xmax = tight_box_yxyx(region).tolist()
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category,
        "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
        "bbox": [xmin, ymin, xmax - xmin, ymax - ymin],
        "area": int(region.sum()),
        "iscrowd": 0,
        "parts": [],
    }
