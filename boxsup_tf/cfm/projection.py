"""Segments as masks and boxes on a feature map (CFM, Sec. 2).

A feature lies on the centre of its receptive field. A pixel belongs to the nearest centre, and a
feature is in a segment where at least half of its pixels are. Our reading: a segment that has half
of no feature's pixels, which would have no feature, has those of which it has most.
"""

import numpy as np

STRIDE = 16  # pixels from one feature of conv5 to the next; the first lies on the first pixel


def project(
    superpixels: np.ndarray,
    membership: np.ndarray,
    size: tuple[int, int],
    scale: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Projects segments; one product does it for all of them.

    Args:
        superpixels: int32 [H, W], values 0 .. R - 1.
        membership: bool [S, R], no row empty.
        size: (h, w) of the feature map; features beyond the image are in no segment.
        scale: the network saw the image at this many times its size.

    Returns:
        masks: bool [S, h, w], none empty.
        boxes: int32 [S, 4], [ymin, xmin, ymax, xmax] half-open, features: from the one of a
            segment's first row and column of pixels to that of its last.
    """
    rows, columns = (
        _nearest(pixels, features, scale)
        for pixels, features in zip(superpixels.shape, size, strict=True)
    )
    height, width = size
    cell = rows[:, None] * width + columns[None, :]
    num_superpixels = membership.shape[1]
    counts = np.bincount(
        superpixels.ravel().astype(np.int64) * (height * width) + cell.ravel(),
        minlength=num_superpixels * height * width,
    ).reshape(num_superpixels, -1)
    shares = membership.astype(np.float32) @ counts.astype(np.float32)
    shares /= np.maximum(counts.sum(axis=0), 1)
    most = shares.max(axis=1, keepdims=True, initial=0)
    shares = shares.reshape(-1, height, width)
    return shares >= np.minimum(0.5, most)[:, :, None], _tight(shares > 0)


def _nearest(pixels: int, features: int, scale: float) -> np.ndarray:
    """int64 [pixels]: the feature nearest to each; images are resized about their middle."""
    places = (np.arange(pixels) + 0.5) * scale - 0.5
    return np.clip(np.floor(places / STRIDE + 0.5).astype(np.int64), 0, features - 1)


def _tight(touched: np.ndarray) -> np.ndarray:
    """int32 [S, 4] of bool [S, h, w], none empty."""
    ends = []
    for axis in (2, 1):
        lines = touched.max(axis=axis)
        first = lines.argmax(axis=1)
        last = lines.shape[1] - lines[:, ::-1].argmax(axis=1)
        ends.append((first, last))
    (top, bottom), (left, right) = ends
    return np.stack([top, left, bottom, right], axis=1).astype(np.int32)
