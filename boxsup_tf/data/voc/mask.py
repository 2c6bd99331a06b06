"""Reads class masks: PNGs of labels, as VOC has them, or of colours, and SBD's .mat files."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from boxsup_tf.data.sbd.mat import read_classes
from boxsup_tf.drawing import opened_picture
from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID, color_map
from boxsup_tf.records.example import PNG_START, read_bytes

MASK_ENDINGS = (".png", ".mat")
LABEL_MAP_FILE = "labelmap.txt"
_LABELS = ("P", "L", "I;16", "I")  # Pillow's names of PNGs whose values are labels

Colour = tuple[int, int, int]  # red, green, blue, 0 .. 255
Colours = Mapping[Colour, int]  # the label of each colour


def read_voc_mask(
    path: str, colours: Colours | None = None, of_values: Sequence[int] | None = None
) -> np.ndarray:
    """uint8 [H, W]: the labels of a PNG, or of SBD's .mat file.

    The values of a palette or grey PNG are labels, 255 is void; colours are looked up. What is
    said of transparency is left.

    Args:
        path: of the mask.
        colours: what colours mean; None: the values that VOC's palette has of them.
        of_values: the label of each value, 0 .. 255; None: values are labels.

    Raises:
        InputError: the file is missing or damaged, or has a colour that means nothing.
    """
    if path.lower().endswith(".mat"):
        return _labels(read_classes(path), of_values)
    if not read_bytes(path, "a mask").startswith(PNG_START):
        raise InputError(f"{path}: the mask is not a PNG: expected a palette or grey PNG")
    try:
        # Pillow, because OpenCV and TensorFlow give a palette's colours instead of its indices.
        with opened_picture(path) as image:
            mode, values = image.mode, np.array(image)
    except OSError as error:
        raise InputError(f"{path}: the mask is damaged: expected a whole PNG: {error}") from None
    if mode in ("RGB", "RGBA"):
        if colours is not None:
            return _look_up(values[:, :, :3], colours, path)
        return _labels(_look_up(values[:, :, :3], _voc_palette(), path), of_values)
    if mode == "LA":
        values = values[:, :, 0]
    elif mode == "1":
        values = values.astype(np.uint8)
    elif mode not in _LABELS:
        raise InputError(
            f"{path}: the mask is a PNG of mode {mode}: expected grey, a palette or RGB"
        )
    if values.max(initial=0) > VOID:
        raise InputError(f"{path}: label {values.max()} is not declared: expected at most {VOID}")
    return _labels(values.astype(np.uint8), of_values)


def _labels(values: np.ndarray, of_values: Sequence[int] | None) -> np.ndarray:
    return values if of_values is None else np.array(of_values, np.uint8)[values]


@functools.lru_cache(maxsize=1)
def _voc_palette() -> Colours:
    return {tuple(colour): label for label, colour in enumerate(color_map().tolist())}


def _look_up(pixels: np.ndarray, colours: Colours, path: str) -> np.ndarray:
    label_map = np.empty(pixels.shape[:2], np.uint8)
    for row, line in enumerate(pixels):  # all at once would take 30 bytes a pixel
        packed = line.astype(np.int64) @ [65536, 256, 1]
        found, places = np.unique(packed, return_inverse=True)
        labels = [_label((v >> 16, v >> 8 & 255, v & 255), colours, path) for v in found.tolist()]
        label_map[row] = np.array(labels, np.uint8)[places]
    return label_map


def _label(colour: Colour, colours: Colours, path: str) -> int:
    if colour not in colours:
        raise InputError(
            f"{path}: colour {','.join(map(str, colour))} is of no class: expected those of "
            f"{LABEL_MAP_FILE} beside the masks' folder or, without one, VOC's"
        )
    return colours[colour]
