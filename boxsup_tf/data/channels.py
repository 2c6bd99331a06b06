"""Images of more than three channels or eight bits, as the three of eight bits of a network."""

import dataclasses
import io
import struct
from typing import Any

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from boxsup_tf.errors import InputError, require
from boxsup_tf.records.example import JPEG_START, PNG_START, check_image, check_image_size
from boxsup_tf.records.upright import TIFF_STARTS
from boxsup_tf.settings import option

_MAX_USUAL = 4  # grey, grey with transparency, colours, colours with transparency


@dataclasses.dataclass(frozen=True)
class ChannelOptions:
    """Which channels and values of an image are taken.

    Attributes:
        channels: One channel, shown as grey, or three for red, green and blue, counted from 1, such
          as 4,3,2 of an aerial image. Not given: the first three, for files that have at most 4.
        value_range: Two values, low,high: what becomes 0 and 255; what lies between is scaled
          linearly, what lies outside is cut. One range for all images, so that a value means the
          same in each. Not given: 8 bits as they are, of 16 bits the upper 8 (0,65535).
    """

    channels: tuple[int, ...] = option(())
    value_range: tuple[float, ...] = option(())

    def __post_init__(self) -> None:
        if len(self.channels) not in (0, 1, 3) or min(self.channels, default=1) < 1:
            shown = ",".join(map(str, self.channels))
            raise InputError(f"--channels={shown}: expected one or three numbers from 1")
        if self.value_range and (
            len(self.value_range) != 2 or not self.value_range[0] < self.value_range[1]
        ):
            shown = ",".join(f"{value:g}" for value in self.value_range)
            raise InputError(f"--value_range={shown}: expected LOW,HIGH, the lower first")

    @property
    def chooses(self) -> bool:
        return bool(self.channels or self.value_range)

    @property
    def settings(self) -> dict[str, Any]:
        """What of it decides the pixels, for JSON; nothing where nothing is chosen."""
        values, defaults = dataclasses.asdict(self), dataclasses.asdict(type(self)())
        chosen = {name: value for name, value in values.items() if value != defaults[name]}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in chosen.items()}


def read_channels(
    encoded: bytes, path: str, options: ChannelOptions, max_megapixels: float
) -> np.ndarray:
    """uint8 [H, W, 3] of an image file of any number of channels.

    Args:
        encoded: a JPEG, PNG, BMP, WebP or, with the package tifffile, TIFF.
        path: of the file, for messages.
        options: see there.
        max_megapixels: 10**6 pixels that it may have at most.

    Raises:
        InputError: it is damaged or too large, lacks a channel, or a choice is needed.
    """
    pixels = _decode(encoded, path, max_megapixels)
    num_channels = pixels.shape[2]
    channels = options.channels
    if not channels:
        if num_channels > _MAX_USUAL:
            raise InputError(
                f"{path}: the image has {num_channels} channels: expected --channels= with one or "
                "three of them"
            )
        channels = (1, 2, 3) if num_channels >= 3 else (1,)
    if max(channels) > num_channels:
        raise InputError(
            f"{path}: no channel {max(channels)}: expected 1 .. {num_channels}, which it has"
        )
    chosen = pixels[:, :, [number - 1 for number in channels]]
    eight = _to_8_bits(chosen, options.value_range, path)
    return np.ascontiguousarray(np.broadcast_to(eight, (*eight.shape[:2], 3)))


def _to_8_bits(pixels: np.ndarray, value_range: tuple[float, ...], path: str) -> np.ndarray:
    if value_range:
        low, high = value_range
        scaled = (np.nan_to_num(pixels.astype(np.float64), nan=low) - low) * (255 / (high - low))
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * 255
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise InputError(
            f"{path}: the image has values of {pixels.dtype}, {pixels.min():g} .. {pixels.max():g}"
            ": expected --value_range=LOW,HIGH, what becomes 0 and 255"
        )
    return pixels


def _decode(encoded: bytes, path: str, max_megapixels: float) -> np.ndarray:
    """[H, W, C]; colours in the order red, green, blue."""
    if encoded.startswith(TIFF_STARTS):
        return _decode_tiff(encoded, path, max_megapixels)
    if encoded.startswith((JPEG_START, PNG_START)):
        check_image(encoded, path, max_megapixels)
    else:
        check_image_size(*_header_size(encoded, path), path, max_megapixels)
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InputError(
            f"{path}: the image is damaged ({len(encoded)} bytes): expected a whole one"
        )
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if pixels.shape[2] < 3:
        return pixels
    return pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]


def _header_size(encoded: bytes, path: str) -> tuple[int, int]:
    """Height and width of a BMP or WebP."""
    try:
        with Image.open(io.BytesIO(encoded), formats=["BMP", "WEBP"]) as image:
            return image.height, image.width
    except (UnidentifiedImageError, OSError, ValueError, struct.error) as error:
        raise InputError(f"{path}: the image is damaged: {error}") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: the image is too large: {error}") from None


def _decode_tiff(encoded: bytes, path: str, max_megapixels: float) -> np.ndarray:
    require("tifffile", "pip install 'boxsup_tf[tiff]'", path)
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(encoded)) as file:
            first = file.series[0]
            sizes = dict(zip(first.axes, first.shape, strict=True))
            check_image_size(sizes.get("Y", 0), sizes.get("X", 0), path, max_megapixels)
            others = [axis for axis in first.axes if axis not in "YX"]
            if not {"Y", "X"} <= sizes.keys() or len(others) > 1:
                raise InputError(f"{path}: the TIFF's axes are {first.axes}: expected one image")
            order = [first.axes.index(axis) for axis in ("Y", "X", *others)]
            pixels = first.asarray().transpose(order)  # which has its own idea of a damaged file
            return pixels if others else pixels[:, :, None]
    except InputError:
        raise
    except Exception as error:  # whatever tifffile stumbles over
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{path}: the image cannot be read ({reason})") from None
