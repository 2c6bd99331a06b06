"""Predicted masks as files of labelling tools: COCO's JSON, and labelme's."""

import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from boxsup_tf.drawing import opened_picture
from boxsup_tf.errors import InputError
from boxsup_tf.inference.outlines import outlines
from boxsup_tf.inference.prediction_folder import mask_path
from boxsup_tf.io import files
from boxsup_tf.io.json_file import write_json
from boxsup_tf.io.names import path_below


def write_annotation_files(
    kinds: Sequence[str],
    folder: str,
    path_of_name: Mapping[str, str],
    class_names: Sequence[str],
) -> None:
    """Writes the masks of a folder of predictions as polygons, one per connected region.

    Args:
        kinds: of `ANNOTATION_FILES`. coco: FOLDER/annotations.json, whose categories are numbered
            as the labels; labelme: FOLDER/labelme/NAME.json.
        folder: that predict.py wrote; images without a mask in it are left out.
        path_of_name: the images by the names of their masks.
        class_names: index is label.
    """
    masks = {name: mask_path(folder, name) for name in path_of_name}
    done = {name: path for name, path in masks.items() if files.exists(path)}
    for kind in kinds:
        ANNOTATION_FILES[kind](folder, done, path_of_name, class_names)


def _write_coco(
    folder: str, masks: Mapping[str, str], images: Mapping[str, str], class_names: Sequence[str]
) -> None:
    content: dict[str, list[dict]] = {"images": [], "annotations": []}
    content["categories"] = [{"id": n, "name": class_names[n]} for n in range(1, len(class_names))]
    for number, (name, path) in enumerate(sorted(masks.items()), start=1):
        label_map = _read(path)
        height, width = label_map.shape
        file_name = name + os.path.splitext(images[name])[1]
        image = {"id": number, "file_name": file_name, "height": height, "width": width}
        content["images"].append(image)
        for label, corners in outlines(label_map):
            (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
            content["annotations"].append(
                {
                    "id": len(content["annotations"]) + 1,
                    "image_id": number,
                    "category_id": label,
                    "bbox": [left, top, right - left, bottom - top],
                    "area": _area(corners),
                    "iscrowd": 0,
                    "segmentation": [corners.ravel().tolist()],
                }
            )
    write_json(os.path.join(folder, "annotations.json"), content)


def _write_labelme(
    folder: str, masks: Mapping[str, str], images: Mapping[str, str], class_names: Sequence[str]
) -> None:
    for name, path in masks.items():
        label_map = _read(path)
        target = path_below(os.path.join(folder, "labelme"), f"{name}.json")
        files.make_folders(os.path.dirname(target))
        shapes = [
            {
                "label": class_names[label],
                "points": corners.tolist(),
                "group_id": None,
                "shape_type": "polygon",
                "flags": {},
            }
            for label, corners in outlines(label_map)
        ]
        image = files.absolute(images[name])
        if not files.is_remote(image) and not files.is_remote(folder):
            image = os.path.relpath(image, files.absolute(os.path.dirname(target)))
        height, width = label_map.shape
        content = {"version": "5.0.0", "flags": {}, "shapes": shapes, "imagePath": image}
        size = {"imageHeight": height, "imageWidth": width}
        write_json(target, content | {"imageData": None} | size)


ANNOTATION_FILES: dict[str, Callable[..., None]] = {"coco": _write_coco, "labelme": _write_labelme}


def _read(path: str) -> np.ndarray:
    try:
        with opened_picture(path) as image:
            return np.array(image)
    except OSError as error:
        raise InputError(f"{path}: not a whole mask ({error}): delete it") from None


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)
