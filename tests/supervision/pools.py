"""Random candidate pools, and masks painted pixel by pixel."""

import numpy as np

from boxsup_tf.labels import BACKGROUND, VOID
from boxsup_tf.pools import pool_ops
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.supervision.selection import RECTANGLE


def random_pool(
    rng: np.random.Generator, height: int, width: int, num_superpixels: int, num_candidates: int
) -> CandidatePool:
    """Superpixels of scattered pixels, and candidates of scattered superpixels."""
    num_superpixels = min(num_superpixels, height * width)
    values = rng.integers(0, num_superpixels, height * width)
    values[:num_superpixels] = np.arange(num_superpixels)  # each occurs
    members = rng.random((num_candidates, num_superpixels)) < rng.uniform(0.05, 0.9)
    members[np.arange(num_candidates), rng.integers(0, num_superpixels, num_candidates)] = True
    superpixels = rng.permutation(values).reshape(height, width).astype(np.int32)
    return CandidatePool(superpixels, members, "random")


def random_boxes(
    rng: np.random.Generator, num: int, height: int, width: int, fractional: bool
) -> np.ndarray:
    """float32 [num, 4] yxyx half-open, each of at least one pixel's size."""
    top, left = rng.uniform(0, height - 1, num), rng.uniform(0, width - 1, num)
    bottom = np.minimum(top + 1 + rng.uniform(0, height, num), height)
    right = np.minimum(left + 1 + rng.uniform(0, width, num), width)
    boxes = np.stack([top, left, bottom, right], axis=1).reshape(-1, 4)
    if not fractional:
        boxes = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
    return boxes.astype(np.float32)


def packed_membership(pool: CandidatePool) -> pool_ops.Membership:
    """The membership as a graph reads it from a record."""
    return pool_ops.unpack(pool_ops.PackedPool.of(pool)).membership


def holds(box: np.ndarray, y: int, x: int) -> bool:
    """Whether a pixel's centre lies in a box."""
    return box[0] <= y + 0.5 < box[2] and box[1] <= x + 0.5 < box[3]


def paint_by_pixel(pool, chosen, boxes, labels, ignored, clip_to_box) -> np.ndarray:
    """What `painting.paint` promises, one pixel and one box after the other."""
    height, width = pool.superpixels.shape
    regions = []
    for box, candidate in zip(boxes, chosen, strict=True):
        region = set()
        for y in range(height):
            for x in range(width):
                if candidate == RECTANGLE:
                    belongs = holds(box, y, x)
                else:
                    belongs = pool.membership[candidate, pool.superpixels[y, x]]
                    if clip_to_box:
                        belongs = belongs and holds(box, y, x)
                if belongs:
                    region.add((y, x))
        regions.append(region)
    painted = np.full((height, width), BACKGROUND)
    for b, region in enumerate(regions):
        if ignored[b]:
            for pixel in region:
                painted[pixel] = VOID
    # The smaller is on top and so comes last; of equals, the earlier box.
    objects = [b for b in range(len(regions)) if not ignored[b]]
    for b in sorted(objects, key=lambda b: (-len(regions[b]), -b)):
        for pixel in regions[b]:
            painted[pixel] = labels[b]
    return painted
