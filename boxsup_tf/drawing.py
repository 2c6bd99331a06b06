"""Pictures: label maps in colour, overlays and boxes.

Colours are PASCAL VOC's (`labels.color_map`). Images are uint8 [H, W, 3], RGB.
"""

import contextlib
import io
import os
import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.local_disk import readable
from boxsup_tf.labels import BACKGROUND, color_map

MAX_BYTES = 2**28  # of a picture file, decoded
# What Pillow raises of files that are damaged, or say that they are huge.
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, EOFError, OverflowError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
_DEPTHS = {"I;16": 2, "I": 4, "F": 4}  # bytes, of Pillow's modes of more than one

_COLORS = color_map()


def colorize(label_map: np.ndarray) -> np.ndarray:
    """Paints every label in its colour.

    Args:
        label_map: integers [H, W] in 0 .. 255; 255 is void.

    Returns:
        uint8 [H, W, 3], RGB.
    """
    return _COLORS[label_map]


def overlay(image: np.ndarray, label_map: np.ndarray, alpha: float = 0.5) -> np.ndarray:
    """Lays the colours of a label map over an image; background stays as it is.

    Args:
        image: uint8 [H, W, 3], RGB.
        label_map: integers [H, W] in 0 .. 255.
        alpha: share of the label's colour, 0 .. 1.

    Returns:
        uint8 [H, W, 3], RGB.
    """
    blend = cv2.addWeighted(image, 1 - alpha, colorize(label_map), alpha, 0)
    return np.where((label_map == BACKGROUND)[:, :, None], image, blend)


def draw_boxes(
    image: np.ndarray, boxes_yxyx: np.ndarray, labels: np.ndarray, thickness: int = 2
) -> np.ndarray:
    """Draws boxes in the colours of their labels.

    Args:
        image: uint8 [H, W, 3], RGB; left unchanged.
        boxes_yxyx: [B, 4], half-open, pixels.
        labels: integers [B] in 0 .. 255.
        thickness: of the lines, pixels.

    Returns:
        uint8 [H, W, 3], RGB.
    """
    canvas = np.array(image)
    for (ymin, xmin, ymax, xmax), label in zip(
        np.rint(boxes_yxyx).astype(int), labels, strict=True
    ):
        # OpenCV's corners are inclusive.
        first, last = (int(xmin), int(ymin)), (int(xmax) - 1, int(ymax) - 1)
        cv2.rectangle(canvas, first, last, _COLORS[int(label)].tolist(), thickness)
    return canvas


def reduced(pixels: np.ndarray, max_side: int, interpolation: int) -> np.ndarray:
    """An image or label map whose longer side is at most `max_side` pixels.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
        max_side: pixels; a smaller one stays as it is.
        interpolation: OpenCV's.
    """
    height, width = pixels.shape[:2]
    factor = max_side / max(height, width)
    if factor >= 1:
        return pixels
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    return cv2.resize(pixels, size, interpolation=interpolation)


@contextlib.contextmanager
def opened_picture(path: str, formats: list[str] | None = None) -> Iterator[Image.Image]:
    """A picture file, of which not more than a header is decoded yet.

    Args:
        path: of the file.
        formats: Pillow's names of those that it may have; None: any.

    Raises:
        OSError: the file is missing, no picture, or says that it takes more than `MAX_BYTES`; or
            what is done with it inside the block finds it damaged.
    """
    try:
        with Image.open(readable(path), formats=formats) as image:
            pixels = image.width * image.height
            if pixels * len(image.getbands()) * _DEPTHS.get(image.mode, 1) > MAX_BYTES:
                raise ValueError(f"it has {image.height} x {image.width} pixels (height x width)")
            yield image
    except InputError:
        raise
    except _DAMAGED as error:
        raise OSError(str(error)) from None


def write_palette_png(path: str, label_map: np.ndarray) -> None:
    """Writes a label map as a palette PNG, as VOC does: viewers show colours, readers get labels.

    Args:
        path: appears only when the file is whole.
        label_map: integers [H, W] in 0 .. 255.
    """
    picture = Image.fromarray(label_map.astype(np.uint8))
    picture.putpalette(_COLORS.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    with atomic_write(path, "wb") as file:
        file.write(buffer.getvalue())


def write_image(path: str, image: np.ndarray) -> None:
    """Writes an image as JPEG or PNG, by the extension of the path.

    Args:
        path: appears only when the file is whole.
        image: uint8 [H, W, 3], RGB.

    Raises:
        InputError: the image is larger than the format allows.
    """
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    is_encoded, encoded = cv2.imencode(os.path.splitext(path)[1], bgr)
    if not is_encoded:
        height, width = image.shape[:2]
        raise InputError(
            f"{path}: a picture of {height} x {width} pixels (height x width) cannot be written: "
            "expected sides of at most 65500"
        )
    with atomic_write(path, "wb") as file:
        file.write(encoded.tobytes())
