"""An example of what VOC says of an image: objects, a class mask, or both."""

from collections.abc import Sequence

import numpy as np

from boxsup_tf.data.source_image import SourceImage
from boxsup_tf.data.voc.xml import VocObject
from boxsup_tf.records.example import Example


def voc_example(
    source_id: str,
    image: SourceImage,
    objects: Sequence[VocObject] | None,
    mask: np.ndarray | None,
) -> Example:
    """The example.

    Args:
        source_id: of the image.
        image: of its file.
        objects: None: its boxes are not known.
        mask: uint8 [H, W] of labels; None: it has none.
    """
    known = objects or ()
    boxes = np.array([item.box for item in known], np.float32).reshape(-1, 4)
    return Example(
        **image.example(source_id),
        boxes=None if objects is None else boxes,
        labels=np.array([item.label for item in known], np.int64),
        difficult=np.array([item.difficult for item in known], bool),
        truncated=np.array([item.truncated for item in known], bool),
        is_crowd=np.zeros(len(known), bool),
        mask=mask,
    )
