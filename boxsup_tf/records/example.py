"""Example: one image with its annotations, checked on the way in."""

import dataclasses
import struct

import cv2
import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.labels import VOID
from boxsup_tf.records.jpeg_scans import has_more_scans

JPEG_START, PNG_START = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"  # of every such file

MAX_SIDE = 65_535  # pixels, the longest that a JPEG can have
MAX_MEGAPIXELS = 50.0  # decoded, 150 MB; a telephone's largest photographs have 48
MAX_SCANS = 100  # of a JPEG; programs write 10, and of 48 megapixels each takes some 5 ms


@dataclasses.dataclass(frozen=True)
class Example:
    """One image with its annotations.

    Attributes:
        source_id: unique within its dataset; shards, order and machines do not change it.
        filename: the image's file name, for display.
        encoded: the image file's own bytes, a JPEG or PNG.
        height, width: pixels.
        boxes: float32 [B, 4], [ymin, xmin, ymax, xmax] half-open, pixels; None where boxes
            were not annotated (which is not the same as annotated and none found).
        labels: int64 [B], 1 .. num_classes - 1; 0 for an ignored box: one of no class, whose
            pixels are not learnt from. It is always a crowd box.
        difficult, truncated: bool [B].
        is_crowd: bool [B]. A pseudo-mask is void in a crowd box, wherever no other box's
            candidate is: it names pixels, but no object, and its label is never painted.
        mask: uint8 [H, W] of class labels, 255 void; None where there is no mask.
        repairs: what was mended in its annotations, each as `KIND: DETAIL`.
    """

    source_id: str
    filename: str
    encoded: bytes
    height: int
    width: int
    boxes: np.ndarray | None = None
    labels: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    difficult: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, bool))
    truncated: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, bool))
    is_crowd: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, bool))
    mask: np.ndarray | None = None
    repairs: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        return "png" if self.encoded.startswith(PNG_START) else "jpeg"


def decode_image(encoded: tf.Tensor) -> tf.Tensor:
    """uint8 [H, W, 3] RGB of a JPEG or PNG of any colour model that these formats have.

    Grey is repeated, a palette looked up, CMYK converted, of 16 bits the upper 8 are kept;
    transparency is dropped, so that what lies under it is seen. The pixels are those that are
    stored: an EXIF orientation is not applied (`upright.py`).

    The one decoder of the project: training, evaluation and the SavedModel use it, so that
    they see the same pixels.
    """
    image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    image.set_shape([None, None, 3])
    return image


def check_image(
    encoded: bytes, name: str, max_megapixels: float = MAX_MEGAPIXELS
) -> tuple[int, int]:
    """Makes sure, without decoding it, that a file may be decoded.

    A file of some kilobytes can say that it has billions of pixels, and decoding believes it; a
    JPEG of a megabyte can have thousands of scans, for each of which all pixels are gone through.

    Args:
        encoded: the file's bytes.
        name: the file, for the message.
        max_megapixels: 10**6 pixels that an image may have at most.

    Returns:
        Its height and width, pixels.

    Raises:
        InputError: the file is empty, is no JPEG or PNG, has a damaged header, or too many pixels
            or scans.
    """
    if not encoded:
        raise InputError(f"{name}: the file is empty (0 bytes): expected a JPEG or PNG image")
    try:
        if encoded.startswith(JPEG_START):
            height, width = tf.io.extract_jpeg_shape(encoded).numpy().tolist()[:2]
        elif encoded.startswith(PNG_START):
            width, height = struct.unpack(">II", encoded[16:24])  # of IHDR, the first chunk
        else:
            raise InputError(f"{name}: not a JPEG or PNG image (begins with {encoded[:8]!r})")
    except (tf.errors.InvalidArgumentError, struct.error):
        raise _damaged(encoded, name) from None
    check_image_size(height, width, name, max_megapixels)
    if encoded.startswith(JPEG_START) and has_more_scans(encoded, MAX_SCANS):
        raise InputError(f"{name}: a JPEG of more than {MAX_SCANS} scans: expected at most so many")
    return height, width


def check_image_size(height: int, width: int, name: str, max_megapixels: float) -> None:
    """Makes sure that an image is not too large to be decoded; arguments of `check_image`.

    Raises:
        InputError: it is.
    """
    size = f"{name}: the image has {height} x {width} pixels (height x width)"
    if max(height, width) > MAX_SIDE:
        raise InputError(f"{size}: expected sides of at most {MAX_SIDE} pixels")
    if height * width > max_megapixels * 1e6:
        raise InputError(
            f"{size}: expected at most {max_megapixels:g} megapixels (see --max_megapixels)"
        )


def decode_checked(encoded: bytes, name: str, max_megapixels: float = MAX_MEGAPIXELS) -> tf.Tensor:
    """`decode_image` of a file that came from outside; arguments and errors of `check_image`.

    Raises:
        InputError: the file may not be decoded, or is damaged behind its header.
    """
    check_image(encoded, name, max_megapixels)
    return decode_whole(encoded, name)


def decode_whole(encoded: bytes, name: str) -> tf.Tensor:
    """`decode_image` of a file that `check_image` has let pass.

    Raises:
        InputError: the file is damaged behind its header.
    """
    try:
        return decode_image(encoded)
    except tf.errors.InvalidArgumentError:
        raise _damaged(encoded, name) from None


def read_image_file(path: str) -> tuple[bytes, int, int]:
    """The bytes of an image file that decodes, and its height and width in pixels.

    Raises:
        InputError: the file is missing, or as `decode_checked`.
    """
    encoded = read_bytes(path, "an image")
    height, width = decode_checked(encoded, path).shape[:2]
    return encoded, height, width


def _damaged(encoded: bytes, name: str) -> InputError:
    return InputError(
        f"{name}: the image is damaged ({len(encoded)} bytes): expected a whole JPEG or PNG"
    )


def read_bytes(path: str, what: str) -> bytes:
    """The bytes of a file; an InputError that says `what` was expected where there is none."""
    try:
        return files.read(path)
    except (OSError, ValueError) as error:  # the latter where a name has a zero in it
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(f"{path}: cannot read {what}: {reason}") from None


def decode_mask(encoded: bytes) -> np.ndarray:
    """uint8 [H, W] from the PNG that `encode_mask` wrote.

    Raises:
        ValueError: it is not a whole PNG.
    """
    mask = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise ValueError(f"the stored mask is not a PNG ({len(encoded)} bytes)")
    return np.asarray(mask, np.uint8)


def encode_mask(mask: np.ndarray) -> bytes:
    """A grey PNG of the labels: smaller to read in a graph than a palette PNG."""
    return cv2.imencode(".png", mask)[1].tobytes()


def check_mask(mask: np.ndarray, height: int, width: int, num_classes: int, path: str) -> None:
    """Makes sure that a class mask fits its image and declares only known labels.

    Raises:
        InputError: the mask has another size, or a label that is neither a class nor void.
    """
    if mask.shape != (height, width):
        raise InputError(
            f"{path}: the mask is {mask.shape[0]} x {mask.shape[1]} (height x width): "
            f"expected the image's {height} x {width}"
        )
    found = np.unique(mask)
    unknown = found[(found >= num_classes) & (found != VOID)]
    if unknown.size:
        raise InputError(
            f"{path}: label {unknown[0]} is not declared: expected 0 .. {num_classes - 1} "
            f"or {VOID} for void"
        )
