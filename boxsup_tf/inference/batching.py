"""A stream of images through a network, those of one size together, and out in their order."""

import collections
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import numpy as np

from boxsup_tf.inference.tiling import TILE_SIZE

Key = TypeVar("Key")

BATCH_SIZE = 4
_PIXELS_OF_A_BATCH = TILE_SIZE**2  # so that many small images take no more memory than a tile
_PIXELS_WAITING = (
    2**22
)  # some twenty photographs of half a thousand pixels, and what became of them


@dataclasses.dataclass
class _Item(Generic[Key]):
    key: Key
    image: np.ndarray
    result: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, int]:
        return self.image.shape[0], self.image.shape[1]


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
        The key, the image, and what `predict` made of it, in the order of `images`.
    """
    queue: collections.deque[_Item[Key]] = collections.deque()
    groups: dict[tuple[int, int], list[_Item[Key]]] = {}

    def run(size: tuple[int, int]) -> None:
        group = groups.pop(size)
        results = predict(np.stack([item.image for item in group]))
        for item, result in zip(group, results, strict=True):
            item.result = result

    def first() -> tuple[Key, np.ndarray, np.ndarray]:
        if queue[0].result is None:
            run(queue[0].size)
        item = queue.popleft()
        assert item.result is not None
        return item.key, item.image, item.result

    for key, image in images:
        item = _Item(key, image)
        queue.append(item)
        group = groups.setdefault(item.size, [])
        group.append(item)
        if len(group) == batch_size or (len(group) + 1) * _area(item) > _PIXELS_OF_A_BATCH:
            run(item.size)
        while queue and (queue[0].result is not None or sum(map(_area, queue)) > _PIXELS_WAITING):
            yield first()
    while queue:
        yield first()


def _area(item: _Item) -> int:
    return item.size[0] * item.size[1]
