"""Photographs as a viewer shows them: turned as their camera noted."""

import io
import struct

import numpy as np
from PIL import ExifTags, Image, ImageOps, JpegImagePlugin


def orientation(encoded: bytes) -> int:
    """EXIF's orientation of an image file; 1, upright, of a PNG and where nothing is readable."""
    try:
        # Not by PIL.Image.open, which has a limit of its own on the number of pixels.
        exif = JpegImagePlugin.JpegImageFile(io.BytesIO(encoded)).getexif()
        return exif.get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, OSError, ValueError, struct.error):
        return 1


def upright(image: np.ndarray, encoded: bytes) -> np.ndarray:
    """Turns the stored pixels of a photograph by the orientation in its EXIF data.

    A network that has learnt from upright photographs must see them so. (Records are not turned:
    their boxes and masks refer to stored pixels.)

    Args:
        image: uint8 [H, W, 3], as `records.example.decode_image` gives it.
        encoded: the file's bytes.

    Returns:
        uint8 [H, W, 3] or [W, H, 3].
    """
    if (noted := orientation(encoded)) == 1:
        return image
    picture = Image.fromarray(image)
    picture.getexif()[ExifTags.Base.Orientation] = noted
    return np.array(ImageOps.exif_transpose(picture))
