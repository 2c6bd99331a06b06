"""Images of any size in bounded memory: overlapping tiles, of which the inner parts are used.

A score depends on the pixels around it only so far as the network's layers reach
(`NetworkFamily.margin`: 217 pixels to each side in LargeFOV, 161 in DeepLab, and 8 by
interpolation, at scale 1), and mostly on much nearer ones. What is within `margin` of a cut, where
a tile has zeros instead of its neighbour's pixels, is not used. Tiles begin at multiples of `GRID`
pixels, so that their scores lie on the same pixels as those of the whole image at the scales 0.5,
0.75, 0.8, 1, 1.2, 1.25 and 1.5. With a margin of 225 pixels or more the map of scale 1 is that of
the whole image up to rounding. At other scales the sides of a resized image are rounded to whole
pixels, which moves pixels by less than half of one.
"""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from boxsup_tf.errors import InputError

GRID = 160  # the least common multiple of 8 / scale over the scales above
TILE_SIZE = 8 * GRID
MARGIN = 240  # for networks that are not known to reach further
TILE_MARGIN_FILE = "tile_margin.txt"  # in the assets of an export


def margin_of(reach: int) -> int:
    """The margin for a network whose scores depend on `reach` pixels to each side."""
    step = GRID // 2  # so that a tile's inside, between two margins, is a multiple of GRID
    return -(-reach // step) * step


def predict_in_tiles(
    predict: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    tile_size: int = TILE_SIZE,
    margin: int = MARGIN,
) -> np.ndarray:
    """Applies a function of images to tiles where a side is longer than a tile's.

    Memory is that of `predict` on one tile of every image, and of the result: label maps, which
    have a byte or four a pixel, are better put together than probabilities.

    Args:
        predict: from uint8 [B, h, w, 3] to [B, h, w, ...], for any h and w.
        images: uint8 [B, H, W, 3].
        tile_size: a tile's longest side, pixels: two margins and a multiple of `GRID`.
        margin: pixels beside a cut that are not used.

    Returns:
        [B, H, W, ...]: `predict(images)` itself where no side is longer than a tile's.

    Raises:
        InputError: `tile_size` does not fit the margin or the grid.
    """
    check_tile_size(tile_size, margin)
    height, width = images.shape[1:3]
    if max(height, width) <= tile_size:
        return predict(images)
    result: np.ndarray | None = None
    cuts = (list(_cuts(side, tile_size, margin)) for side in (height, width))
    for (rows, inner_rows), (columns, inner_columns) in itertools.product(*cuts):
        tile = predict(images[:, rows, columns])
        if result is None:
            result = np.empty([len(images), height, width, *tile.shape[3:]], tile.dtype)
        # In views, as slices of slices are: `inner` counts from the tile's first pixel.
        result[:, rows, columns][:, inner_rows, inner_columns] = tile[:, inner_rows, inner_columns]
    assert result is not None
    return result


def check_tile_size(tile_size: int, margin: int = MARGIN) -> None:
    """Raises an InputError where tiles of this size cannot lie on the grid, or have no inside."""
    step = tile_size - 2 * margin
    if step <= 0 or step % GRID:
        raise InputError(
            f"--tile_size={tile_size}: expected {2 * margin} and a multiple of {GRID} pixels"
        )


def _cuts(side: int, tile_size: int, margin: int) -> Iterator[tuple[slice, slice]]:
    """Tiles of a side, and the part of each, counted from its start, that is used."""
    step = tile_size - 2 * margin
    for start in range(0, max(side - 2 * margin, 1), step):
        length = min(tile_size, side - start)
        is_last = start + length == side
        yield (
            slice(start, start + length),
            slice(margin if start else 0, length if is_last else length - margin),
        )
        if is_last:
            break
