"""A stream of images through a network, those of one size together."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from boxsup_tf.inference.tiling import TILE_SIZE
from boxsup_tf.records.same_size import Group, same_size_groups

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
        batch_size: the most images that go together.

    Yields:
        The key, the image, and what `predict` made of it, as soon as it is made: images of
        different sizes may change places.
    """

    def most_together(group: Group) -> int:
        return min(batch_size, max(1, _PIXELS_OF_A_BATCH // math.prod(group.size)))

    def group_of(item: tuple[Key, np.ndarray]) -> Group:
        return Group(item[1].shape[:2])

    for _, items in same_size_groups(images, group_of, most_together, _PIXELS_WAITING):
        results = predict(np.stack([image for _, image in items]))
        for (key, image), result in zip(items, results, strict=True):
            yield key, image, result
