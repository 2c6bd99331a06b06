"""Colour and texture histograms of superpixels (Uijlings et al., Sec. 3.2)."""

import cv2
import numpy as np
from scipy import sparse

_COLOUR_BINS = 25
_TEXTURE_BINS = 10
_DIRECTIONS = 4  # each with two signs: eight, as in the paper
_LEAST_RISE = 1.0  # of OpenCV's Sobel, an eighth of a grey level a pixel; else noise is stretched


def colour_histograms(image: np.ndarray, superpixels: np.ndarray) -> np.ndarray:
    """float32 [R, C * 25]: pixels of every superpixel by value, 25 bins a channel.

    Args:
        image: uint8 [H, W, C].
        superpixels: int [H, W], values 0 .. R-1.
    """
    bins = [channel.astype(np.int32) * _COLOUR_BINS >> 8 for channel in cv2.split(image)]
    return _histograms(bins, _COLOUR_BINS, superpixels)


def texture_histograms(image: np.ndarray, superpixels: np.ndarray) -> np.ndarray:
    """float32 [R, C * 80]: pixels of every superpixel by the strength of Gaussian derivatives.

    Sigma 1, eight directions and ten bins for every channel; a direction's bins reach from 0 to
    its greatest value in the image. Arguments of `colour_histograms`.
    """
    bins = []
    for channel in cv2.split(image):
        smooth = cv2.GaussianBlur(channel.astype(np.float32), (0, 0), 1.0)
        dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        for angle in np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS:
            slope = np.float32(np.cos(angle)) * dx + np.float32(np.sin(angle)) * dy
            for rise in (slope, -slope):
                factor = _TEXTURE_BINS / max(float(rise.max()), _LEAST_RISE)
                bins.append(np.clip(rise * factor, 0, _TEXTURE_BINS - 1).astype(np.int32))
    return _histograms(bins, _TEXTURE_BINS, superpixels)


def normalised(counts: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """float32 [N, D], each sums to 1: the histograms of unions of superpixels.

    Args:
        counts: float32 [R, D], of the superpixels.
        regions: int [R], the region of every superpixel, values 0 .. N-1.
    """
    ones = np.ones(regions.size, np.float32)
    sums = sparse.csr_array((ones, (regions, np.arange(regions.size)))) @ counts
    return sums / sums.sum(axis=1, keepdims=True)


def _histograms(bins: list[np.ndarray], num_bins: int, superpixels: np.ndarray) -> np.ndarray:
    """float32 [R, len(bins) * num_bins]: counts of every map of bins, side by side."""
    num = int(superpixels.max()) + 1
    first = superpixels * num_bins
    counts = [np.bincount((first + b).ravel(), minlength=num * num_bins) for b in bins]
    return np.concatenate([c.reshape(num, num_bins) for c in counts], axis=1).astype(np.float32)
