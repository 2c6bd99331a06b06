"""Photographs as a viewer shows them: turned as their camera noted."""

import io
import struct
from collections.abc import Callable

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin, WebPImagePlugin

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # of every such file, BigTIFF too
# What reads the header of a file that begins so; all others are taken for JPEGs.
_FORMATS: dict[bytes, Callable[[io.BytesIO], Image.Image]] = {
    b"RIFF": WebPImagePlugin.WebPImageFile,
    **dict.fromkeys(TIFF_STARTS, TiffImagePlugin.TiffImageFile),
}
# What each orientation asks for, in this order.
_MIRRORED_X, _MIRRORED_Y, _TRANSPOSED = (2, 3, 7, 8), (3, 4, 6, 7), (5, 6, 7, 8)


def orientation(encoded: bytes) -> int:
    """EXIF's orientation of an image file, 1 .. 8.

    1, upright, of a PNG and where nothing is readable.
    """
    try:
        # Not by PIL.Image.open, which has a limit of its own on the number of pixels.
        image = _FORMATS.get(encoded[:4], JpegImagePlugin.JpegImageFile)(io.BytesIO(encoded))
        noted = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, OSError, ValueError, TypeError, LookupError, struct.error):
        return 1
    return noted if noted in range(1, 9) else 1


def upright(image: np.ndarray, encoded: bytes) -> np.ndarray:
    """Turns the stored pixels of a photograph by the orientation in its EXIF data.

    Args:
        image: uint8 [H, W, 3], as `records.example.decode_image` gives it.
        encoded: the file's bytes.

    Returns:
        uint8 [H, W, 3] or [W, H, 3].
    """
    return turn(image, orientation(encoded))


def turn(pixels: np.ndarray, noted: int) -> np.ndarray:
    """Stored pixels [H, W, ...] as they are seen upright, by EXIF's orientation."""
    if noted in _MIRRORED_X:
        pixels = pixels[:, ::-1]
    if noted in _MIRRORED_Y:
        pixels = pixels[::-1]
    if noted in _TRANSPOSED:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels)


def turn_box(
    box: tuple[float, float, float, float], height: int, width: int, noted: int
) -> tuple[float, float, float, float]:
    """A box of stored pixels as it lies in the upright image.

    Args:
        box: (ymin, xmin, ymax, xmax), half-open, pixels.
        height, width: of the stored image.
        noted: EXIF's orientation.
    """
    ymin, xmin, ymax, xmax = box
    if noted in _MIRRORED_X:
        xmin, xmax = width - xmax, width - xmin
    if noted in _MIRRORED_Y:
        ymin, ymax = height - ymax, height - ymin
    return (xmin, ymin, xmax, ymax) if noted in _TRANSPOSED else (ymin, xmin, ymax, xmax)
