"""An example of everything, two that lack parts, and a pool."""

import numpy as np

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records.example import Example
from tests.data.tiny import jpeg

EXAMPLE = Example(
    source_id="set/é_1",
    filename="é_1.jpg",
    encoded=jpeg(),
    height=24,
    width=32,
    boxes=np.array([[0, 0, 24, 32], [3, 5.25, 7.5, 31]], np.float32),
    labels=np.array([2, 1]),
    difficult=np.array([False, True]),
    truncated=np.array([True, False]),
    is_crowd=np.array([False, True]),
    mask=np.random.default_rng(0).choice(np.array([0, 1, 2, 255], np.uint8), (24, 32)),
)
NO_BOX = Example("b", "b.jpg", jpeg(), 24, 32, boxes=np.zeros((0, 4), np.float32))
MASK_ONLY = Example("c", "c.jpg", jpeg(), 24, 32, mask=EXAMPLE.mask)
POOL = CandidatePool(np.arange(24 * 32).reshape(24, 32) // 100, np.eye(8, dtype=bool)[:5], "x")
