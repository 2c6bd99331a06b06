"""Edge strength without weights: colour gradients in CIE Lab at two scales."""

import cv2
import numpy as np

_SCALES = (1.0, 2.0)  # Gaussian sigmas in pixels: thin lines, and steps through texture
_FULL_STEP = 40.0  # Lab units a pixel step that counts as a sure edge


def detect_edges(image: np.ndarray) -> np.ndarray:
    """Edge strength of an image.

    Args:
        image: uint8 [H, W, 3], RGB.

    Returns:
        float32 [H, W] in 0 .. 1.
    """
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    strength = np.zeros(image.shape[:2], np.float32)
    for sigma in _SCALES:
        smooth = cv2.GaussianBlur(lab, (0, 0), sigma)
        dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8
        dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8
        # Blurring spreads a step over sigma pixels: the factor makes the scales comparable.
        strength += sigma * np.sqrt((dx**2 + dy**2).sum(axis=2)) / len(_SCALES)
    return np.clip(strength / _FULL_STEP, 0, 1)
