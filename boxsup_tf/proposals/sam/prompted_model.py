"""PromptedModel: what a back end offers, and the geometry that all such models share.

Images are scaled so that their longer side is the model's, normalised, and padded with zeros at the
right and the bottom to a square; the decoder's logits are a smaller square (Segment Anything,
Appendix A).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np

# Of the images that the encoders were trained on, in R, G and B.
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)

# Logits of the padded square, float32 [M, s, s], and the IoU predicted for each, float32 [M].
Masks = tuple[np.ndarray, np.ndarray]


class Prompt(NamedTuple):
    """What a model is asked with.

    Attributes:
        points: float32 [P, 2], x and y in pixels of the square.
        labels: float32 [P]: 1 a point of the object, 2 and 3 the first and the last corner of its
            box.
        mask: float32 [mask_side, mask_side], logits of the padded square that are thought of as
            the object's; None: nothing is.
    """

    points: np.ndarray
    labels: np.ndarray
    mask: np.ndarray | None = None


class PromptedModel(Protocol):
    """An image encoder and a mask decoder."""

    @property
    def side(self) -> int:
        """Of the square that the encoder takes, in pixels."""

    @property
    def mask_side(self) -> int:
        """Of the square of a mask as a prompt, in pixels."""

    @property
    def identity(self) -> Mapping[str, str]:
        """Digests that tell the model from others, wherever its files lie."""

    def embed(self, square: np.ndarray) -> Any:
        """What `masks` needs to know of an image: float32 [side, side, 3], see `padded_square`."""

    def masks(self, embedding: Any, prompt: Prompt) -> Masks:
        """All masks that the decoder offers for a prompt, the single mask first.

        Args:
            embedding: of the image.
            prompt: in it.
        """

    def single_mask(self, embedding: Any, prompt: Prompt) -> tuple[np.ndarray, float]:
        """The first of `masks` alone: float32 [s, s], and its IoU."""


def scaled_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Height and width, at least a pixel each, of an image whose longer side becomes `side`."""
    height, width = size
    scale = side / max(size)
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def padded_square(image: np.ndarray, side: int, longer: int) -> np.ndarray:
    """float32 [side, side, 3]: uint8 [H, W, 3] as encoders take it, the longer side `longer`."""
    return padded((scaled_to(image, longer) - _MEAN) / _DEVIATION, side, 0)


def padded(scaled: np.ndarray, side: int, nothing: float) -> np.ndarray:
    """float32 [side, side, ...]: [h, w, ...] of `scaled_to`, to its right and below `nothing`."""
    square = np.full((side, side, *scaled.shape[2:]), nothing, np.float32)
    square[: scaled.shape[0], : scaled.shape[1]] = scaled
    return square


def scaled_to(image: np.ndarray, side: int) -> np.ndarray:
    """[h, w, ...]: an image or a map [H, W, ...] whose longer side becomes `side`."""
    size = image.shape[0], image.shape[1]
    how = cv2.INTER_AREA if side < max(size) else cv2.INTER_LINEAR
    return cv2.resize(image, scaled_size(size, side)[::-1], interpolation=how)


def mask_of(logits: np.ndarray, side: int, size: tuple[int, int]) -> np.ndarray:
    """bool [H, W]: the mask in an image of this size, from float32 [s, s], logits of the square."""
    square = cv2.resize(logits, (side, side), interpolation=cv2.INTER_LINEAR)
    bottom, right = scaled_size(size, side)
    inside = square[:bottom, :right]
    return cv2.resize(inside, size[::-1], interpolation=cv2.INTER_LINEAR) > 0
