"""Data for measurements: no file from outside is needed."""

import os

import cv2
import numpy as np

from boxsup_tf.data import prepare, shapes
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.generate import generate
from boxsup_tf.proposals.registry import make_options
from boxsup_tf.records import dataset_info, records, writer
from boxsup_tf.records.example import Example

# As many as in PASCAL VOC.
CLASS_NAMES = (*shapes.SHAPE_CLASSES, *(f"class {i}" for i in range(len(shapes.SHAPE_CLASSES), 21)))


class _Shapes(shapes.ShapesReader):
    """shapes in a list of twenty classes."""

    class_names = CLASS_NAMES  # type: ignore[assignment]


def write_shapes(folder: str, num_images: int, image_size: int, max_candidates: int) -> str:
    """Writes generated photographs with masks and mcg's candidates; returns their folder.

    Args:
        folder: that may be filled.
        image_size: mean side, pixels.
        max_candidates: an image.
    """
    examples, pools = os.path.join(folder, "examples"), os.path.join(folder, "pools")
    prepare.prepare(_Shapes(num_images, seed=0, image_size=image_size), examples, num_shards=2)
    options = make_options("mcg", {"edges": "gradient", "max_candidates": max_candidates})
    generate(examples, pools, "mcg", options, num_workers=os.cpu_count() or 1)
    return pools


def write_blocks(
    folder: str, num_images: int, num_boxes: int, num_candidates: int, height: int, width: int
) -> str:
    """Writes images of noise with exactly so many boxes and candidates; returns `folder`."""

    def make_record(index: int) -> bytes:
        rng = np.random.default_rng([num_boxes, num_candidates, index])
        noise = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
        image = cv2.resize(noise, (width, height))
        example = Example(
            source_id=f"{index:06d}",
            filename=f"{index:06d}.jpg",
            encoded=cv2.imencode(".jpg", image)[1].tobytes(),
            height=height,
            width=width,
            boxes=random_boxes_yxyx(rng, num_boxes, height, width),
            labels=rng.integers(1, len(CLASS_NAMES), num_boxes),
            difficult=np.zeros(num_boxes, bool),
            truncated=np.zeros(num_boxes, bool),
            is_crowd=np.zeros(num_boxes, bool),
            mask=None,
        )
        pool = block_pool(rng, height, width, num_candidates)
        return records.add_pool(records.encode_example(example, CLASS_NAMES), pool)

    info = dataset_info.DatasetInfo({"dataset": "blocks"}, CLASS_NAMES, num_shards=1)
    writer.write_dataset(
        folder, info, num_images, lambda indices: map(make_record, indices), "blocks"
    )
    return folder


def block_pool(
    rng: np.random.Generator, height: int, width: int, num_candidates: int
) -> CandidatePool:
    """A pool of 500 superpixels, blocks on a grid, whose candidates are rectangles of them."""
    rows, columns = 20, 25
    y, x = np.arange(height) * rows // height, np.arange(width) * columns // width
    superpixels = (y[:, None] * columns + x[None, :]).astype(np.int32)
    # Between two edges lies at least one row.
    edges = [np.sort(_two_different(rng, n + 1, num_candidates)) for n in (rows, columns)]
    inside = [
        (edge[:, :1] <= np.arange(n)) & (np.arange(n) < edge[:, 1:])
        for edge, n in zip(edges, (rows, columns), strict=True)
    ]
    members = inside[0][:, :, None] & inside[1][:, None, :]
    return CandidatePool(superpixels, members.reshape(num_candidates, -1), "blocks")


def random_boxes_yxyx(
    rng: np.random.Generator, num_boxes: int, height: int, width: int
) -> np.ndarray:
    """float32 [num_boxes, 4], pixels, none empty."""
    y, x = (np.sort(_two_different(rng, n + 1, num_boxes)) for n in (height, width))
    return np.stack([y[:, 0], x[:, 0], y[:, 1], x[:, 1]], axis=1).astype(np.float32)


def _two_different(rng: np.random.Generator, stop: int, rows: int) -> np.ndarray:
    """int64 [rows, 2]: two different numbers below `stop` in every row."""
    first = rng.integers(0, stop, rows)
    second = (first + rng.integers(1, stop, rows)) % stop
    return np.stack([first, second], axis=1)
