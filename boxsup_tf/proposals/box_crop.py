"""The input of the segmentation of one box: the box with its surroundings, at a bounded size."""

import dataclasses

import cv2
import numpy as np

from boxsup_tf.settings import check, option

_MIN_MARGIN = 8  # pixels, so that small boxes have surroundings too


@dataclasses.dataclass(frozen=True)
class CropOptions:
    """Options of methods that cut one candidate out of each box.

    Attributes:
        context: margin included around a box, as a share of the box's sides.
        max_side: pixels; a box with its margin that is longer is scaled down.
        min_share: share of its box; a smaller mask is replaced by the whole rectangle.
    """

    context: float = option(0.25, at_least=0)
    max_side: int = option(256, at_least=1)
    min_share: float = option(0.2, at_least=0, at_most=1)

    def __post_init__(self) -> None:
        check(self)


@dataclasses.dataclass(frozen=True)
class BoxCrop:
    """A part of the image around a box, scaled down where it is large.

    Attributes:
        image: uint8 [h, w, 3], RGB.
        inside: bool [h, w], the box; at least one pixel.
        size: (height, width) of the box in the whole image, pixels.
    """

    image: np.ndarray
    inside: np.ndarray
    size: tuple[int, int]

    def to_window(self, mask: np.ndarray) -> np.ndarray:
        """bool [height, width] of `size`: a mask of the crop (bool [h, w]), cut out at the box and
        brought back to the image's scale."""
        part = mask[np.ix_(self.inside.any(axis=1), self.inside.any(axis=0))]
        height, width = self.size
        # Interpolated between 0 and 255 and cut in the middle: smoother than nearest pixels.
        levels = part.astype(np.uint8) * 255
        return cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR) > 127


def crop_box(image: np.ndarray, window_yxyx: np.ndarray, options: CropOptions) -> BoxCrop:
    """Cuts a box out of an image.

    Args:
        image: uint8 [H, W, 3], RGB.
        window_yxyx: int [4], the box in whole pixels, within the image.
    """
    low, high = window_yxyx[:2], window_yxyx[2:]
    margin = np.maximum(np.ceil(options.context * (high - low)), _MIN_MARGIN).astype(np.int64)
    start, stop = np.maximum(low - margin, 0), np.minimum(high + margin, image.shape[:2])
    crop = image[start[0] : stop[0], start[1] : stop[1]]
    factor = min(1.0, options.max_side / max(stop - start))
    if factor < 1:
        height, width = np.maximum(np.rint((stop - start) * factor), 1).astype(int).tolist()
        crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA)
    shape = np.array(crop.shape[:2])
    first = np.minimum(np.rint((low - start) * factor).astype(int), shape - 1)
    last = np.maximum(np.rint((high - start) * factor).astype(int), first + 1)
    inside = np.zeros(shape, bool)
    inside[first[0] : last[0], first[1] : last[1]] = True
    height, width = (high - low).tolist()
    return BoxCrop(crop.copy(order="C"), inside, (height, width))
