"""Colour spaces in which Selective Search looks at an image (Uijlings et al., Sec. 3.2)."""

from collections.abc import Callable

import cv2
import numpy as np


def _rgi(image: np.ndarray) -> np.ndarray:
    """Normalised red and green, which shadows do not change, and intensity."""
    total = image.sum(axis=2, dtype=np.float32)
    shares = image[:, :, :2] * (255 / np.maximum(total, 1))[:, :, None]
    return np.concatenate([shares, total[:, :, None] / 3], axis=2).astype(np.uint8)


SPACES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "grey": lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None],
    "hsv": lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL),
    "lab": lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2LAB),
    "rgb": lambda image: image,
    "rgi": _rgi,
}
"""From uint8 [H, W, 3], RGB, to uint8 [H, W, C]."""
