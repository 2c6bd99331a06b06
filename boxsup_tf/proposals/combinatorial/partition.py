"""Partition: superpixels as a graph that knows the strength of every boundary."""

import dataclasses

import cv2
import numpy as np

from boxsup_tf.pools.candidates import superpixel_boxes_yxyx


@dataclasses.dataclass(frozen=True)
class Partition:
    """Superpixels, the boundaries between them, and what they look like.

    Attributes:
        superpixels: int32 [H, W], values 0 .. R-1, each connected.
        first, second: int64 [E], the two superpixels of every boundary, first < second.
        length: float64 [E], pixel pairs across the boundary.
        strength: float64 [E, M], mean edge strength along the boundary in each of M edge maps.
        areas: float64 [R], pixels.
        boxes: int64 [R, 4], yxyx half-open, pixels.
        border: float64 [R], sides of pixels on the image's border.
        colour: float64 [R, 3], mean CIE Lab.
        deviation: float64 [R, 3], standard deviation of each channel.
    """

    superpixels: np.ndarray
    first: np.ndarray
    second: np.ndarray
    length: np.ndarray
    strength: np.ndarray
    areas: np.ndarray
    boxes: np.ndarray
    border: np.ndarray
    colour: np.ndarray
    deviation: np.ndarray

    @property
    def num_superpixels(self) -> int:
        return self.areas.size

    @property
    def contrast(self) -> np.ndarray:
        """float64 [E], the distance of mean colours across every boundary, Lab units."""
        return np.linalg.norm(self.colour[self.first] - self.colour[self.second], axis=1)


def build_partition(superpixels: np.ndarray, image: np.ndarray, edges: np.ndarray) -> Partition:
    """Measures a partition of an image (uint8 [H, W, 3], RGB) with edge maps float32 [M, H, W]."""
    num = int(superpixels.max()) + 1
    labels = superpixels.ravel()
    index = np.arange(labels.size).reshape(superpixels.shape)
    across = superpixels[:, 1:] != superpixels[:, :-1]
    down = superpixels[1:] != superpixels[:-1]
    one = np.concatenate([index[:, :-1][across], index[:-1][down]])
    other = np.concatenate([index[:, 1:][across], index[1:][down]])
    low = np.minimum(labels[one], labels[other]).astype(np.int64)
    high = np.maximum(labels[one], labels[other])
    pairs, boundary = np.unique(low * num + high, return_inverse=True)
    length = np.bincount(boundary, minlength=pairs.size).astype(np.float64)
    strength = np.zeros((pairs.size, len(edges)))
    for i, values in enumerate(edges.reshape(len(edges), -1)):
        sums = np.bincount(boundary, (values[one] + values[other]) / 2, pairs.size)
        strength[:, i] = sums / np.maximum(length, 1)

    areas = np.bincount(labels, minlength=num).astype(np.float64)
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3).T

    def mean(values: np.ndarray) -> np.ndarray:
        sums = [np.bincount(labels, channel, num) for channel in values]
        return np.stack(sums, axis=1) / areas[:, None]

    colour = mean(lab)
    sides = (superpixels[0], superpixels[-1], superpixels[:, 0], superpixels[:, -1])
    return Partition(
        superpixels=superpixels,
        first=pairs // num,
        second=pairs % num,
        length=length,
        strength=strength,
        areas=areas,
        boxes=superpixel_boxes_yxyx(superpixels, num),
        border=np.sum([np.bincount(side, minlength=num) for side in sides], axis=0, dtype=float),
        colour=colour,
        deviation=np.sqrt(np.maximum(mean(lab**2) - colour**2, 0)),
    )
