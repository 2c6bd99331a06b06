"""Records of three images: one with everything, one without a box, one of a mask alone."""

import numpy as np

from boxsup_tf.records import records
from boxsup_tf.records.example import Example
from tests.data.tiny import jpeg
from tests.records.examples import MASK_ONLY, NO_BOX, POOL
from tests.records.numbered import CLASSES

BOXES = np.array([[0, 0, 24, 32], [3, 5, 7, 31], [1, 1, 9, 9], [2, 2, 8, 8]], np.float32)
BOTH = Example(
    "set/é_1",
    "é_1.jpg",
    jpeg(),
    24,
    32,
    boxes=BOXES,
    labels=np.array([2, 1, 0, 1]),
    difficult=np.array([False, True, False, True]),
    truncated=np.array([True, False, False, False]),
    is_crowd=np.array([False, True, True, False]),
    mask=np.ones((24, 32), np.uint8),
)


def three_records() -> list[bytes]:
    both, no_box, mask_only = (
        records.encode_example(example, CLASSES) for example in (BOTH, NO_BOX, MASK_ONLY)
    )
    return [records.add_pool(both, POOL), no_box, mask_only]
