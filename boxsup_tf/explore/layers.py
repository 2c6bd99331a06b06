"""What the page lays over a photograph, as PNG files: transparent where there is nothing."""

import cv2
import numpy as np

from boxsup_tf.drawing import colorize
from boxsup_tf.labels import BACKGROUND, color_map
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.visualize import contour_strength

_COLORS = color_map()
_OPAQUE = 255
_WHITE, _YELLOW = (np.array(colour, np.uint8) for colour in ([255, 255, 255], [255, 235, 60]))


def photo(image: np.ndarray) -> bytes:
    """An image, uint8 [H, W, 3], RGB; no browser turns it or reads its colours otherwise."""
    return _png(np.ascontiguousarray(image[:, :, ::-1]))


def labels(label_map: np.ndarray) -> bytes:
    """A label map, integers [H, W] in 0 .. 255, in VOC's colours without background."""
    alpha = np.where(label_map == BACKGROUND, 0, _OPAQUE)
    return _rgba(colorize(label_map), alpha)


def belief(probabilities: np.ndarray, label: int) -> bytes:
    """Probabilities of a class, float [H, W], as the opacity of its colour."""
    colour = _COLORS[label] if label != BACKGROUND else _WHITE
    return _rgba(np.broadcast_to(colour, [*probabilities.shape, 3]), _OPAQUE * probabilities)


def contours(pool: CandidatePool) -> bytes:
    """Boundaries of superpixels: the more candidates' outlines run along one, the more opaque."""
    strength = contour_strength(pool)
    # The faintest is seen, too.
    alpha = np.where(strength > 0, 40 + (_OPAQUE - 40) * strength, 0)
    return _rgba(np.broadcast_to(_YELLOW, [*strength.shape, 3]), alpha)


def mask(inside: np.ndarray) -> bytes:
    """A mask, bool [H, W], in white, for the page to paint."""
    return _rgba(np.broadcast_to(_WHITE, [*inside.shape, 3]), _OPAQUE * inside)


def _rgba(colour: np.ndarray, alpha: np.ndarray) -> bytes:
    return _png(np.dstack([colour[:, :, ::-1], np.rint(alpha).astype(np.uint8)]))


def _png(pixels: np.ndarray) -> bytes:
    # The page asks for many and reads each once: speed before size.
    return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1].tobytes()
