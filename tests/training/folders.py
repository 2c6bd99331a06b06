"""Folders of TFRecords for training, made in this process."""

import pathlib
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.methods import rectangle
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records import dataset_info, records, writer
from boxsup_tf.records.example import Example
from tests.supervision.pools import random_boxes, random_pool

CLASS_NAMES = ("background", "cat", "dog", "emu")
SIDE = 33  # of every image: the identity crop of a network of stride 8


def make_example(name: str, seed: int, boxes: bool = True, mask: bool = True) -> Example:
    """Noise with a mask and one to three boxes, each of another class.

    The second one is difficult, the third a crowd.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    image = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    num = int(rng.integers(1, 4)) if boxes else 0
    truth = rng.integers(0, len(CLASS_NAMES), (SIDE, SIDE)).astype(np.uint8)
    truth[:3] = VOID
    place, num_classes = np.arange(num), len(CLASS_NAMES) - 1
    return Example(
        source_id=name,
        filename=f"{name}.png",
        encoded=cv2.imencode(".png", image)[1].tobytes(),
        height=SIDE,
        width=SIDE,
        boxes=random_boxes(rng, num, SIDE, SIDE, fractional=False) if boxes else None,
        labels=1 + (rng.integers(num_classes) + place) % num_classes,
        difficult=place == 1,
        truncated=np.zeros(num, bool),
        is_crowd=place == 2,
        mask=truth if mask else None,
    )


def scattered(example: Example) -> CandidatePool:
    """A random pool that follows the example's name."""
    rng = np.random.default_rng(list(example.source_id.encode()))
    return random_pool(rng, SIDE, SIDE, 30, 25)


def blocks(example: Example) -> CandidatePool:
    """Rectangles near the boxes and elsewhere, so that box overlap tells them apart."""
    rng = np.random.default_rng(list(example.source_id.encode()))
    corners = random_boxes(rng, 60, SIDE, SIDE, fractional=False).astype(int)
    masks = np.zeros((60, SIDE, SIDE), bool)
    for mask, (top, left, bottom, right) in zip(masks, corners, strict=True):
        mask[top:bottom, left:right] = True
        mask[top:bottom, left:right] &= rng.random((bottom - top, right - left)) < 0.8
        mask[top, left] = True
    return CandidatePool.from_masks(masks, "blocks")


def rectangles(example: Example) -> CandidatePool:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    return rectangle.propose(ProposalInput(image, example.boxes), rectangle.Options())


def write(
    folder: pathlib.Path,
    examples: Sequence[Example],
    make_pool: Callable[[Example], CandidatePool] | None,
    num_shards: int = 2,
    class_names: tuple[str, ...] = CLASS_NAMES,
) -> str:
    """Writes a finished folder; returns its path."""

    def make_records(indices: range) -> list[bytes]:
        serialized = [records.encode_example(examples[i], class_names) for i in indices]
        if make_pool is None:
            return serialized
        pools = [make_pool(examples[i]) for i in indices]
        return [records.add_pool(s, p) for s, p in zip(serialized, pools, strict=True)]

    info = dataset_info.DatasetInfo({"dataset": folder.name}, class_names, num_shards)
    writer.write_dataset(str(folder), info, len(examples), make_records, "write")
    return str(folder)


def by_name(dataset: tf.data.Dataset, key: str) -> dict[str, dict]:
    """Parsed records by their example id."""
    return {parsed[key].decode(): parsed for parsed in dataset.as_numpy_iterator()}
