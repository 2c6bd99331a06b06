"""The .mat files of SBD, the Semantic Boundaries Dataset.

B. Hariharan et al., Semantic Contours from Inverse Detectors, ICCV 2011. cls/ID.mat holds GTcls,
and inst/ID.mat GTinst: structs of one element, whose field Segmentation is [height, width]. In
GTcls its values are classes, VOC's labels; in GTinst they number instances from 1, and Categories
has the class of each. 0 is background, and nothing is void. Of their boundaries nothing is read.
"""

import numpy as np

from boxsup_tf.data.mat_file import load_mat
from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOC_CLASSES
from boxsup_tf.records.example import read_bytes


def read_classes(path: str) -> np.ndarray:
    """uint8 [H, W] of VOC's labels, from GTcls.

    Raises:
        InputError: the file is missing, damaged, or not as SBD has it.
    """
    (segmentation,) = _read(path, "GTcls", "Segmentation")
    return _labels(segmentation, len(VOC_CLASSES) - 1, path, "GTcls.Segmentation")


def read_instances(path: str) -> tuple[np.ndarray, np.ndarray]:
    """The instances, from GTinst.

    Returns:
        uint8 [H, W]: k where instance k is, from 1 on, and 0 elsewhere; and uint8 [K], their
        labels.

    Raises:
        InputError: the file is missing, damaged, or not as SBD has it.
    """
    segmentation, categories = _read(path, "GTinst", "Segmentation", "Categories")
    labels = _labels(
        categories.reshape(1, -1), len(VOC_CLASSES) - 1, path, "GTinst.Categories"
    ).ravel()
    if not labels.all():
        raise InputError(f"{path}: GTinst.Categories holds 0: expected 1 .. {len(VOC_CLASSES) - 1}")
    return _labels(segmentation, labels.size, path, "GTinst.Segmentation"), labels


def _read(path: str, name: str, *fields: str) -> list[np.ndarray]:
    """Fields of a struct of one element."""
    encoded = read_bytes(path, f"SBD's {name}")
    try:
        found = load_mat(encoded, [name])[name]
        return [np.asarray(found[field].item()) for field in fields]
    except Exception as error:  # whatever scipy stumbles over
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"{path}: cannot be read ({reason}): expected a .mat with the struct {name} with "
            f"{' and '.join(fields)}"
        ) from None


def _labels(values: np.ndarray, largest: int, path: str, what: str) -> np.ndarray:
    """The same whole numbers as uint8 [H, W]; MATLAB's are often doubles."""
    if values.dtype.kind not in "iuf" or values.ndim != 2:
        raise InputError(
            f"{path}: {what} is an array of {values.dtype} and shape {values.shape}: expected "
            f"numbers 0 .. {largest} in two dimensions"
        )
    found = np.unique(values)
    wrong = found[~np.isin(found, np.arange(largest + 1))]
    if wrong.size:
        raise InputError(f"{path}: {what} holds {wrong[0]}: expected 0 .. {largest}")
    return values.astype(np.uint8)
