"""Pictures from files, and as data URIs: photographs as JPEG, label maps as small PNGs."""

import base64
import io

import numpy as np
from PIL import Image

from boxsup_tf.drawing import opened_picture
from boxsup_tf.errors import InputError
from boxsup_tf.labels import BACKGROUND, color_map

_QUALITY = 82
_COLORS = color_map()


def read_picture(path: str, mode: str) -> np.ndarray:
    """uint8 pixels of a picture file.

    Args:
        path: of the file.
        mode: Pillow's; "" for the one that is stored (labels, in a palette PNG).

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        with opened_picture(path) as image:
            return np.array(image.convert(mode) if mode else image)
    except OSError as error:
        raise InputError(f"{path}: expected a whole picture: {error}") from None


def jpeg_uri(image: np.ndarray) -> str:
    """A data URI of an image, uint8 [H, W, 3], RGB.

    It is always encoded anew: a stored file may be turned by its EXIF orientation, of which
    masks know nothing, or be of a kind that no browser shows.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=_QUALITY, optimize=True)
    return _uri("jpeg", buffer)


def label_map_uri(label_map: np.ndarray) -> str:
    """A data URI of a label map, uint8 [H, W], in VOC's colours; background is transparent."""
    labels, places = np.unique(label_map, return_inverse=True)
    picture = Image.fromarray(places.reshape(label_map.shape).astype(np.uint8))
    picture.putpalette(_COLORS[labels].tobytes())
    alpha = np.where(labels == BACKGROUND, 0, 255).astype(np.uint8).tobytes()
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True, transparency=alpha)
    return _uri("png", buffer)


def _uri(kind: str, buffer: io.BytesIO) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
