"""PromptedModel: what a back end offers, and the geometry that all such models share.

Images are scaled so that their longer side is the model's and padded at the right and bottom to a
square; the decoder's logits are a quarter of its size (Segment Anything, Appendix A).
"""

from typing import Any, Protocol

import cv2
import numpy as np


class PromptedModel(Protocol):
    """An image encoder and a mask decoder.

    Attributes:
        side: of the square that the encoder takes, pixels.
        identity: what tells this model from others wherever its files lie, for the settings of a
            folder of records.
    """

    side: int
    identity: dict[str, str]

    def embed(self, image: np.ndarray) -> Any:
        """What `masks` needs to know of an image.

        Args:
            image: uint8 [h, w, 3], RGB, scaled by `to_side`.
        """

    def masks(self, embedding: Any, points: np.ndarray, labels: np.ndarray) -> "Masks":
        """All masks that the decoder offers for one prompt.

        Args:
            embedding: of the image, see `embed`.
            points: float32 [P, 2], x and y in pixels of the scaled image.
            labels: float32 [P]: 1 a point of the object, 2 and 3 the first and the last corner of
                its box.
        """


Masks = tuple[np.ndarray, np.ndarray]
"""Logits, float32 [M, s, s], of the padded square, and the predicted IoU of each, float32 [M]."""


def to_side(image: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """An image scaled so that its longer side is the model's.

    Args:
        image: uint8 [H, W, 3].
        side: pixels.

    Returns:
        uint8 [h, w, 3], and the factors of y and x, float64 [2].
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    new_height, new_width = (max(1, int(size * scale + 0.5)) for size in (height, width))
    shrinks = scale < 1
    scaled = cv2.resize(
        image,
        (new_width, new_height),
        interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
    )
    return scaled, np.array([new_height / height, new_width / width])


def from_side(logits: np.ndarray, side: int, scaled: tuple[int, int], size: tuple[int, int]) -> Any:
    """Logits of the padded square at the image's size.

    Args:
        logits: float32 [s, s].
        side: of the square, pixels.
        scaled: height and width of the scaled image inside it.
        size: height and width of the image.

    Returns:
        float32 [H, W].
    """
    square = cv2.resize(logits, (side, side), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(square[: scaled[0], : scaled[1]], size[::-1], interpolation=cv2.INTER_LINEAR)
