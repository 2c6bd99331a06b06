"""Images as users have them, made what a record holds: an upright JPEG or PNG of 8 bits.

JPEG and PNG files go into records byte for byte. Where they cannot (EXIF says that the camera was
turned, another format, a choice of channels or of values), the pixels are encoded anew: turned
photographs as JPEG of quality 95 without colour subsampling, all others as PNG.
"""

import dataclasses
import io
import os
from typing import Any

import numpy as np
from PIL import Image

from boxsup_tf.data.channels import ChannelOptions, read_channels
from boxsup_tf.data.mending import EXIF, REFORMATTED, Box, Notes, note
from boxsup_tf.errors import InputError
from boxsup_tf.records.example import (
    JPEG_START,
    MAX_MEGAPIXELS,
    PNG_START,
    decode_checked,
    read_bytes,
)
from boxsup_tf.records.upright import TIFF_STARTS, orientation, turn, turn_box
from boxsup_tf.settings import option

_JPEG_QUALITY = 95
# By how a file begins: its format, and the endings that may say so.
_OTHER_FORMATS = {
    b"BM": ("BMP", (".bmp",)),
    **dict.fromkeys(TIFF_STARTS, ("TIFF", (".tif", ".tiff"))),
    b"RIFF": ("WebP", (".webp",)),
    b"GIF8": ("GIF", ()),
}
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


@dataclasses.dataclass(frozen=True)
class ImageOptions(ChannelOptions):
    """How image files are read.

    Attributes:
        max_megapixels: Larger images are left out, told by their header; with --max_side, those of
          more than 250.
        exif: Whether boxes and masks of photographs that EXIF says are turned were drawn on the
          upright image or on the stored pixels. auto: as the annotated size says; where it cannot
          say, upright, as today's labelling tools show images, with a warning. Records hold the
          upright image in any case.
    """

    max_megapixels: float = option(MAX_MEGAPIXELS, above=0)
    exif: str = option("auto", choices=("auto", "upright", "stored"))


AS_THEY_ARE = ImageOptions()


@dataclasses.dataclass(frozen=True)
class SourceImage:
    """An image for a record, and how what was drawn on its file comes to lie on it.

    Attributes:
        filename: with the record's ending.
        encoded: a JPEG or PNG, upright.
        height, width: of it, pixels.
        noted: EXIF's orientation of the file.
        exif: see `ImageOptions`.
        notes: what was mended so far, and will be in its annotations.
    """

    filename: str
    encoded: bytes
    height: int
    width: int
    noted: int = 1
    exif: str = "auto"
    notes: Notes = dataclasses.field(default_factory=list)

    def frame(self, size: tuple[float, float] | None, what: str) -> "Frame":
        """The image as it was when something was drawn on it.

        Args:
            size: height and width that the annotation says; None: it does not say.
            what: names the annotation, for messages.

        Raises:
            InputError: the size is not the image's.
        """
        height, width = self.height, self.width
        upright = Frame(height, width, 1)
        stored = Frame(*((width, height) if self.noted >= 5 else (height, width)), self.noted)
        fitting = [f for f in (upright, stored) if size is None or size == (f.height, f.width)]
        if not fitting:
            assert size is not None
            raise InputError(
                f"{what} says height {size[0]:g} and width {size[1]:g}: expected the image's "
                f"height {height} and width {width}"
            )
        if self.noted == 1 or len(fitting) == 1:
            return fitting[0]
        if self.exif == "auto" and not any(text.startswith(EXIF) for text in self.notes):
            self.notes.append(note(EXIF, f"{self.filename}: orientation {self.noted}"))
        return stored if self.exif == "stored" else upright

    def example(self, source_id: str) -> dict[str, Any]:
        """The arguments of its `Example` but for the annotations."""
        return {
            "source_id": source_id,
            "filename": self.filename,
            "encoded": self.encoded,
            "height": self.height,
            "width": self.width,
            "repairs": tuple(self.notes),
        }


@dataclasses.dataclass(frozen=True)
class Frame:
    """What annotations were drawn on.

    Attributes:
        height, width: pixels.
        noted: the EXIF orientation by which it is turned upright; 1: it is.
    """

    height: int
    width: int
    noted: int

    def turn_box(self, box: Box) -> Box:
        """The box in the upright image."""
        return turn_box(box, self.height, self.width, self.noted)

    def turn(self, mask: np.ndarray) -> np.ndarray:
        """The mask of the upright image."""
        return turn(mask, self.noted)


def read_source_image(path: str, stem: str, options: ImageOptions = AS_THEY_ARE) -> SourceImage:
    """Reads an image file.

    Args:
        path: of a JPEG, PNG, BMP, TIFF or WebP file.
        stem: what the image is called, folders included, without its ending.
        options: see there.

    Raises:
        InputError: it is missing, damaged, too large, of another format or of one that its ending
            does not say, or has channels or values of which there is no choice.
    """
    encoded = read_bytes(path, "an image")
    image, noted = _upright(encoded, path, options, options.max_megapixels)
    height, width = image.shape[:2]
    notes: Notes = []
    if options.chooses or not _is_usual(encoded):
        ending, encoded = ".png", _png(image)
        if not options.chooses:
            notes = [note(REFORMATTED, os.path.basename(path))]
    elif noted == 1:
        ending = os.path.splitext(path)[1]
    else:
        ending, encoded = ".jpg", _jpeg(image)
    return SourceImage(stem + ending, encoded, height, width, noted, options.exif, notes)


def read_upright(path: str, options: ChannelOptions, max_megapixels: float) -> np.ndarray:
    """uint8 [H, W, 3], RGB: the pixels of an image file that a record of it would hold.

    Args:
        path, options: as `read_source_image`.
        max_megapixels: 10**6 pixels that it may have at most.

    Raises:
        InputError: as `read_source_image`.
    """
    return _upright(read_bytes(path, "an image"), path, options, max_megapixels)[0]


def _upright(
    encoded: bytes, path: str, options: ChannelOptions, max_megapixels: float
) -> tuple[np.ndarray, int]:
    """The pixels, turned upright, and EXIF's orientation of the file."""
    if not (usual := _is_usual(encoded)):
        _check_format(encoded, path)
    if usual and not options.chooses:
        pixels = decode_checked(encoded, path, max_megapixels).numpy()
    else:
        pixels = read_channels(encoded, path, options, max_megapixels)
    noted = orientation(encoded)
    return turn(pixels, noted), noted


def _is_usual(encoded: bytes) -> bool:
    """Whether a record may hold the file's own bytes; an empty one is refused by its decoder."""
    return encoded.startswith((JPEG_START, PNG_START)) or not encoded


def _check_format(encoded: bytes, path: str) -> None:
    found = [names for start, names in _OTHER_FORMATS.items() if encoded.startswith(start)]
    if not found:
        raise InputError(f"{path}: not a JPEG or PNG image (begins with {encoded[:8]!r})")
    name, endings = found[0]
    if not path.lower().endswith(endings or ("\0",)):
        expected = f"a name that ends in {endings[0]}" if endings else "a JPEG or PNG"
        raise InputError(
            f"{path}: not a JPEG or PNG image, but a {name} (begins with {encoded[:8]!r}): "
            f"expected {expected}"
        )


def _jpeg(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
