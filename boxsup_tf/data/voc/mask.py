"""Reads class masks: PNGs of labels, as VOC has them, or of colours, and SBD's .mat files."""

import functools
import os
from collections.abc import Mapping

import numpy as np

from boxsup_tf.data.sbd.mat import read_classes
from boxsup_tf.drawing import opened_picture
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import BACKGROUND_NAME, VOID, color_map
from boxsup_tf.records.example import PNG_START, read_bytes

MASK_ENDINGS = (".png", ".mat")
LABEL_MAP_FILE = "labelmap.txt"
_LABELS = ("P", "L", "I;16", "I")  # Pillow's names of PNGs whose values are labels
_VOID_NAMES = ("void", "ignore", "ignored", "unlabeled", "__ignore__")

Colours = Mapping[tuple[int, int, int], int]  # the label of each colour


def read_voc_mask(path: str, colours: Colours | None = None) -> np.ndarray:
    """uint8 [H, W]: the labels of a PNG, or of SBD's .mat file.

    The values of a palette or grey PNG are labels, 255 is void; colours are looked up. What is
    said of transparency is left.

    Args:
        path: of the mask.
        colours: what colours mean; None: as VOC's palette has them.

    Raises:
        InputError: the file is missing or damaged, or has a colour that means nothing.
    """
    if path.lower().endswith(".mat"):
        return read_classes(path)
    if not read_bytes(path, "a mask").startswith(PNG_START):
        raise InputError(f"{path}: the mask is not a PNG: expected a palette or grey PNG")
    try:
        # Pillow, because OpenCV and TensorFlow give a palette's colours instead of its indices.
        with opened_picture(path) as image:
            mode, values = image.mode, np.array(image)
    except OSError as error:
        raise InputError(f"{path}: the mask is damaged: expected a whole PNG: {error}") from None
    if mode in ("RGB", "RGBA"):
        return _look_up(values[:, :, :3], _voc_palette() if colours is None else colours, path)
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
    return values.astype(np.uint8)


def read_label_map(folder: str) -> tuple[tuple[str, ...], Colours] | None:
    """Class names and colours of CVAT's labelmap.txt; None where a folder has none.

    Lines are `NAME:R,G,B:...`, `#` begins a comment. The background comes first, wherever it is.

    Raises:
        InputError: a line is none of these.
    """
    path = os.path.join(folder, LABEL_MAP_FILE)
    if not files.is_file(path):
        return None
    named: dict[str, tuple[int, ...]] = {BACKGROUND_NAME: (0, 0, 0)}
    for line in read_bytes(path, "colours of classes").decode(errors="replace").splitlines():
        name, _, rest = line.partition(":")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            colour = tuple(int(part) for part in rest.partition(":")[0].split(","))
        except ValueError:
            colour = ()
        if not name.strip() or len(colour) != 3 or not all(0 <= part <= 255 for part in colour):
            raise InputError(f"{path}: line {line!r}: expected NAME:RED,GREEN,BLUE:...")
        named[name.strip()] = colour
    void = {colour: VOID for name, colour in named.items() if name.lower() in _VOID_NAMES}
    names = tuple(name for name in named if name.lower() not in _VOID_NAMES)
    colours = {_voc_void(): VOID} | void | {named[name]: k for k, name in enumerate(names)}
    return names, colours  # type: ignore[return-value]


@functools.lru_cache(maxsize=1)
def _voc_palette() -> Colours:
    return {tuple(colour): label for label, colour in enumerate(color_map().tolist())}


def _voc_void() -> tuple[int, ...]:
    return tuple(color_map()[VOID].tolist())


def _look_up(pixels: np.ndarray, colours: Colours, path: str) -> np.ndarray:
    label_map = np.empty(pixels.shape[:2], np.uint8)
    for row, line in enumerate(pixels):  # all at once would take 30 bytes a pixel
        packed = line.astype(np.int64) @ [65536, 256, 1]
        found, places = np.unique(packed, return_inverse=True)
        labels = [_label((v >> 16, v >> 8 & 255, v & 255), colours, path) for v in found.tolist()]
        label_map[row] = np.array(labels, np.uint8)[places]
    return label_map


def _label(colour: tuple[int, int, int], colours: Colours, path: str) -> int:
    if colour not in colours:
        raise InputError(
            f"{path}: colour {','.join(map(str, colour))} is of no class: expected those of "
            f"{LABEL_MAP_FILE} beside the masks' folder or, without one, VOC's"
        )
    return colours[colour]
