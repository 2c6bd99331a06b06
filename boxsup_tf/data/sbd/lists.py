"""The list of 10,582 training images, made of VOC 2012's lists and SBD's."""

import os

from boxsup_tf.data.id_list import read_ids
from boxsup_tf.errors import InputError
from boxsup_tf.io import files

TRAIN_AUG = "train_aug"
NUM_PUBLISHED = 10582  # of the published lists
_FOLDER_NAMES = (f"{TRAIN_AUG}.txt", "trainaug.txt")


def read_train_aug(voc: str, sbd: str) -> tuple[list[str], dict[str, int]]:
    """VOC 2012's train list and both of SBD's, without VOC's val list; each image once, sorted.

    Args:
        voc: the folder VOC2012.
        sbd: the folder that holds train.txt and val.txt; empty: the list is VOC2012's
            ImageSets/Segmentation/train_aug.txt or trainaug.txt, which must be as it is above.

    Returns:
        The ids; and how many come from which list, each counted with the first that has it: VOC's
        train, SBD's train, SBD's val.

    Raises:
        InputError: a list is missing, empty, or names an image twice; a list of its own has
            images of VOC's val list; or nothing is left.
    """
    folder = os.path.join(voc, "ImageSets", "Segmentation")
    validation = set(read_ids(os.path.join(folder, "val.txt")))
    if not sbd:
        return _read_list(folder, validation)
    paths = {"voc_train": os.path.join(folder, "train.txt")}
    paths |= {f"sbd_{name}": os.path.join(sbd, f"{name}.txt") for name in ("train", "val")}
    ids: set[str] = set()
    parts = {}
    for name, path in paths.items():
        new = set(read_ids(path)) - validation - ids
        parts[name] = len(new)
        ids |= new
    if not ids:
        raise InputError(f"{', '.join(paths.values())}: only images of VOC's val list")
    return sorted(ids), parts


def _read_list(folder: str, validation: set[str]) -> tuple[list[str], dict[str, int]]:
    paths = [os.path.join(folder, name) for name in _FOLDER_NAMES]
    path = next(filter(files.exists, paths), paths[0])
    ids = read_ids(path)
    if both := validation.intersection(ids):
        raise InputError(
            f"{path}: image {min(both)!r} is in VOC's val list, too, as are {len(both) - 1} more: "
            "expected a list without them"
        )
    return sorted(ids), {os.path.basename(path): len(ids)}
