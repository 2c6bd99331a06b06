"""Large images made smaller, once, together with their boxes and masks."""

import dataclasses
import os
from collections.abc import Iterable

import cv2
import numpy as np

from boxsup_tf.data.reader import Reader
from boxsup_tf.records.example import Example, decode_image

_OF_A_BOX = ("boxes", "labels", "difficult", "truncated", "is_crowd")


class SmallerImages:
    """The examples of another reader, reduced to a longest side; a `reader.Reader`.

    All that follows (candidates, training, evaluation) happens at the new size.

    Args:
        reader: of the images as they are.
        max_side: pixels, at least 1; images that are not longer stay as they are, byte for byte.
    """

    def __init__(self, reader: Reader, max_side: int) -> None:
        self._reader, self._max_side = reader, max_side
        self.class_names, self.source_ids = reader.class_names, reader.source_ids
        # A name of its own: some proposal methods have a max_side, which later stands beside it.
        self.settings = reader.settings | {"max_image_side": max_side}

    def __len__(self) -> int:
        return len(self._reader)

    def __getitem__(self, index: int) -> Example:
        example = self._reader[index]
        factor = self._max_side / max(example.height, example.width)
        if factor >= 1:
            return example
        height, width = (max(1, round(side * factor)) for side in (example.height, example.width))
        return resize(example, height, width)

    def labels_in(self, index: int) -> Iterable[int]:
        return self._reader.labels_in(index)


def resize(example: Example, height: int, width: int) -> Example:
    """An example at a smaller size.

    A new pixel of the image is the mean of what it covers of the old one; it is stored as a PNG,
    so that it is exactly that: a second JPEG would add noise of its own. A pixel of the mask has
    the label at its centre, so that both lie on one grid. Boxes that no longer hold
    a pixel's centre are left out: no method could find an object in them.
    """
    image = decode_image(example.encoded).numpy()
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    changed: dict = {
        "filename": f"{os.path.splitext(example.filename)[0]}.png",
        "encoded": cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes(),
        "height": height,
        "width": width,
    }
    if example.mask is not None:
        exact = cv2.INTER_NEAREST_EXACT
        changed["mask"] = cv2.resize(example.mask, (width, height), interpolation=exact)
    if example.boxes is not None:
        new, old = np.array([height, width] * 2), np.array([example.height, example.width] * 2)
        scaled = np.minimum(example.boxes * (new / old), new).astype(np.float32)
        edges = np.ceil(scaled - 0.5)  # of the pixels inside, as `boxes.inside_yxyx` has them
        kept = (edges[:, 2:] > edges[:, :2]).all(axis=1)
        of_boxes = {name: getattr(example, name) for name in _OF_A_BOX} | {"boxes": scaled}
        changed |= {name: values[kept] for name, values in of_boxes.items()}
    return dataclasses.replace(example, **changed)
