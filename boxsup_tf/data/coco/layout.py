"""Where the tools that write COCO's format put the JSON and the images."""

import os

from boxsup_tf.data.file_index import find_file
from boxsup_tf.data.source_image import IMAGE_ENDINGS
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

_TRIED_IMAGES = 20


def find_annotation_file(data_dir: str, split: str) -> str:
    """The first of the usual places that there is.

    Raises:
        InputError: there is none of them.
    """
    usual = (
        f"annotations/instances_{split}.json",  # COCO, CVAT
        f"annotations/instances_{split}2017.json",
        f"{split}/_annotations.coco.json",  # Roboflow
        f"annotations/{split}.json",
        f"{split}.json",
        f"instances_{split}.json",
        f"{split}/labels.json",
        f"{split}/annotations.json",
        f"{split}/result.json",  # Label Studio
    )
    paths = [os.path.join(data_dir, *name.split("/")) for name in usual]
    found = next(filter(files.is_file, paths), None)
    if found is None:
        raise InputError(
            f"{paths[0]}: not found, nor, in {data_dir}, {', '.join(usual[1:])}: expected COCO's "
            "JSON of --split (--annotation_file= names another)"
        )
    return found


def find_image_dir(data_dir: str, split: str, annotation_file: str, file_names: list[str]) -> str:
    """The first of the usual folders that has one of the first images.

    Args:
        data_dir: of the data set.
        split: its part.
        annotation_file: the JSON, which may lie beside its images.
        file_names: of the images, as the JSON has them.

    Raises:
        InputError: there is none of the folders.
    """
    usual = (split, f"images/{split}", "images", f"{split}2017", "JPEGImages", "VOC2012/JPEGImages")
    named = [os.path.join(data_dir, *name.split("/")) for name in (*usual, "data")]
    named = list(filter(files.is_folder, named))
    for folder in (*named, data_dir, os.path.dirname(annotation_file)):
        if any(find_image(folder, name) for name in file_names[:_TRIED_IMAGES]):
            return folder
    if named:
        return named[0]  # that its images are missing is said of each
    raise InputError(
        f"{data_dir}: no folder of images: expected one of {', '.join(usual)}, or images beside "
        "the JSON (--image_dir= names another)"
    )


def find_image(folder: str, file_name: str) -> str | None:
    """The path of an image; some tools write folders with a backslash."""
    for name in (file_name, file_name.replace("\\", "/")):
        stem, ending = os.path.splitext(name)
        endings = (ending, ending.lower()) if ending else IMAGE_ENDINGS
        if path := find_file(folder, stem, endings):
            return path
    return None
