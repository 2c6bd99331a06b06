"""PASCAL-Context as it was released: labels.txt, and a .mat per image with its LabelMap."""

import os
import re
from collections.abc import Iterator

import numpy as np

from boxsup_tf.data.context.classes import label_by_category
from boxsup_tf.data.id_list import read_ids
from boxsup_tf.data.mat_file import load_mat
from boxsup_tf.data.text_file import read_text
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import BACKGROUND
from boxsup_tf.records.example import read_bytes

_NUMBER = re.compile("[0-9]{1,9}")
_UNLABELLED = 0  # in a LabelMap; categories count from 1


class ContextMat:
    """The class masks of a part of the release.

    Args:
        folder: holds labels.txt, and the .mat files in trainval/ or beside it.
        lists: folders of which the first with SPLIT.txt says which images belong to `split`.
        split: "train", "val", ...

    Attributes:
        source_ids: of its images, in the list's order.

    Raises:
        InputError: a list or labels.txt is missing or malformed.
    """

    def __init__(self, folder: str, lists: tuple[str, ...], split: str) -> None:
        paths = [os.path.join(where, f"{split}.txt") for where in lists]
        found = next(filter(files.exists, paths), None)
        if found is None:
            raise InputError(f"{' and '.join(paths)}: no such list of images: expected one of them")
        self.source_ids = read_ids(found)
        self._label_of = _read_labels(os.path.join(folder, "labels.txt"))
        inner = os.path.join(folder, "trainval")
        self._maps = inner if files.is_folder(inner) else folder

    def path(self, index: int) -> str:
        """The file that holds the mask of an image."""
        return os.path.join(self._maps, f"{self.source_ids[index]}.mat")

    def mask(self, index: int) -> np.ndarray:
        """uint8 [H, W] of labels.

        Raises:
            InputError: the file is missing or damaged, or names a category that there is not.
        """
        path = self.path(index)
        label_map = _read_label_map(path)
        numbers, places = np.unique(label_map, return_inverse=True)
        known = self._label_of | {_UNLABELLED: BACKGROUND}
        unknown = [number for number in numbers.tolist() if number not in known]
        if unknown:
            raise InputError(
                f"{path}: category {unknown[0]} is unknown: expected those of labels.txt"
            )
        labels = np.array([known[number] for number in numbers.tolist()], np.uint8)
        return labels[places].reshape(label_map.shape)

    def labels_in(self, index: int) -> Iterator[int]:
        yield from np.unique(self.mask(index)).tolist()


def _read_labels(path: str) -> dict[int, int]:
    """The label of every category that labels.txt names in lines `NUMBER: NAME`."""
    categories: dict[int, str] = {}
    lines = read_text(path, "PASCAL-Context's categories").splitlines()
    for place, line in enumerate(lines, start=1):
        number, _, name = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not _NUMBER.fullmatch(number) or not name or int(number) in categories:
            raise InputError(
                f"{path}: line {place} is {line!r}: expected NUMBER: NAME, each number once"
            )
        categories[int(number)] = name
    return label_by_category(categories, path)


def _read_label_map(path: str) -> np.ndarray:
    """[H, W], the numbers of categories."""
    encoded = read_bytes(path, "a label map")
    try:
        label_map = np.asarray(load_mat(encoded, ["LabelMap"])["LabelMap"])
    except Exception as error:  # whatever scipy stumbles over
        raise InputError(
            f"{path}: cannot be read ({error!r}): expected a .mat with the variable LabelMap"
        ) from None
    if label_map.dtype.kind not in "iuf" or label_map.ndim != 2:
        raise InputError(
            f"{path}: LabelMap is an array of {label_map.dtype} and shape {label_map.shape}: "
            "expected numbers, [height, width]"
        )
    return label_map
