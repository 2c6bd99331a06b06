"""Runs a method on a smaller copy of a large image."""

from collections.abc import Callable

import cv2
import numpy as np

from boxsup_tf.pools.candidates import CandidatePool


def propose_at_most(
    image: np.ndarray, max_pixels: int, propose: Callable[[np.ndarray], CandidatePool]
) -> CandidatePool:
    """The pool of an image, made from a copy of at most about `max_pixels`.

    Memory: the image, its superpixel map (int32), and what `propose` needs for `max_pixels`.

    Args:
        image: uint8 [H, W, 3], RGB.
        max_pixels: a larger image is scaled down, keeping its aspect ratio.

    Returns:
        A pool of the image's own size; superpixels are enlarged by nearest neighbour, so that
        what was connected stays connected and what had no holes has none. The overlap of two
        candidates may change by some thousandths.
    """
    height, width = image.shape[:2]
    scale = (max_pixels / (height * width)) ** 0.5
    if scale >= 1:
        return propose(image)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pool = propose(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    rows = np.arange(height) * size[1] // height
    columns = np.arange(width) * size[0] // width
    superpixels = pool.superpixels[rows][:, columns]
    return CandidatePool(superpixels, pool.membership, pool.method, pool.one_per_box)
