"""Edge strength without weights: colour gradients in CIE Lab."""

import cv2
import numpy as np

_FINE, *_COARSE = (1.0, 2.0, 3.0, 5.0)  # Gaussian sigmas in pixels
_FULL_STEP = 40.0  # Lab units per pixel; a steeper step is a sure edge


def detect_edges(image: np.ndarray) -> np.ndarray:
    """Thin lines and steps through texture: the mean of two scales."""
    return _sharpest(_lab(image))


def detect_scales(image: np.ndarray) -> np.ndarray:
    """`detect_edges`, and three coarser scales."""
    lab = _lab(image)
    coarse = [np.clip(_strength(lab, sigma), 0, 1) for sigma in _COARSE]
    return np.stack([_sharpest(lab), *coarse])


def _lab(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _sharpest(lab: np.ndarray) -> np.ndarray:
    return np.clip((_strength(lab, _FINE) + _strength(lab, _COARSE[0])) / 2, 0, 1)


def _strength(lab: np.ndarray, sigma: float) -> np.ndarray:
    smooth = cv2.GaussianBlur(lab, (0, 0), sigma)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8
    # Blurring spreads a step over sigma pixels: the factor makes the scales comparable.
    return sigma * np.sqrt((dx**2 + dy**2).sum(axis=2)) / _FULL_STEP
