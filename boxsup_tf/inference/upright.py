"""Photographs as a viewer shows them: turned as their camera noted."""

import io
import struct

import numpy as np
from PIL import ExifTags, JpegImagePlugin

from boxsup_tf.records.example import JPEG_START


def upright(image: np.ndarray, encoded: bytes) -> np.ndarray:
    """Turns the stored pixels of a photograph by the orientation in its EXIF data.

    A network that has learnt from upright photographs must see them so. (Records are not turned:
    their boxes and masks refer to stored pixels.)

    Args:
        image: uint8 [H, W, 3], as `data.example.decode_image` gives it.
        encoded: the file's bytes; of a PNG, and where nothing readable is noted, the image is
            taken to be upright.

    Returns:
        uint8 [H, W, 3] or [W, H, 3].
    """
    if not encoded.startswith(JPEG_START):
        return image
    try:
        # Not by PIL.Image.open, which has a limit of its own on the number of pixels.
        exif = JpegImagePlugin.JpegImageFile(io.BytesIO(encoded)).getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, OSError, ValueError, struct.error):
        return image
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
