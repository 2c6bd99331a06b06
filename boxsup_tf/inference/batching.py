"""A stream of images through a network, those of one size together."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from boxsup_tf.inference.tiling import TILE_SIZE

Key = TypeVar("Key")

BATCH_SIZE = 4
_PIXELS_OF_A_BATCH = TILE_SIZE**2  # so that many small images take no more memory than a tile
_PIXELS_WAITING = 2**22  # some twenty photographs of half a thousand pixels


def predict_in_batches(
    predict: Callable[[np.ndarray], np.ndarray],
    images: Iterable[tuple[Key, np.ndarray]],
    batch_size: int = BATCH_SIZE,
) -> Iterator[tuple[Key, np.ndarray, np.ndarray]]:
    """Applies a function of images to a stream of them; which ones go together changes rounding.

    An image waits until there are enough of its size, or too many others wait. Images that are
    larger than half a tile go alone.

    Args:
        predict: from uint8 [B, H, W, 3] to [B, ...].
        images: a key of any kind, and uint8 [H, W, 3].
        batch_size: so many images go together at most.

    Yields:
        The key, the image, and what `predict` made of it, as soon as it is made: images of
        different sizes may change places.
    """
    # In the order of their first images.
    groups: dict[tuple[int, ...], list[tuple[Key, np.ndarray]]] = {}

    def run(size: tuple[int, ...]) -> Iterator[tuple[Key, np.ndarray, np.ndarray]]:
        group = groups.pop(size)
        results = predict(np.stack([image for _, image in group]))
        for (key, image), result in zip(group, results, strict=True):
            yield key, image, result

    for key, image in images:
        size = image.shape[:2]
        group = groups.setdefault(size, [])
        group.append((key, image))
        if len(group) == batch_size or (len(group) + 1) * math.prod(size) > _PIXELS_OF_A_BATCH:
            yield from run(size)
        elif sum(len(group) * math.prod(size) for size, group in groups.items()) > _PIXELS_WAITING:
            yield from run(next(iter(groups)))
    while groups:
        yield from run(next(iter(groups)))
