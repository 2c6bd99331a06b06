"""Reads the PNGs that VOC keeps labels in: SegmentationClass and SegmentationObject."""

import numpy as np
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.io.local_disk import readable
from boxsup_tf.records.example import PNG_START, read_bytes


def read_voc_mask(path: str) -> np.ndarray:
    """uint8 [H, W]: the values of a palette or grey PNG.

    Pillow, because OpenCV and TensorFlow give a palette's colours instead of its indices.

    Raises:
        InputError: the file is missing, damaged, or a PNG of another kind.
    """
    if not read_bytes(path, "a mask").startswith(PNG_START):
        raise InputError(f"{path}: the mask is not a PNG: expected a palette or grey PNG")
    try:
        with Image.open(readable(path)) as image:
            mode, values = image.mode, np.array(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: the mask is damaged: expected a whole PNG: {error}") from None
    if mode not in ("P", "L"):
        raise InputError(
            f"{path}: the mask is a PNG of mode {mode}: expected a palette (P) or 8-bit grey (L) "
            "PNG whose values are labels"
        )
    return values
