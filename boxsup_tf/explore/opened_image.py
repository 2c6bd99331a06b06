"""An image that is looked at: record, pixels and candidates, which are proposed when asked for."""

import dataclasses
import functools
import zlib
from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError, first_line
from boxsup_tf.explore.choice import with_box
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.packing import MAX_PIXELS
from boxsup_tf.pools.pool_ops import PackedPool
from boxsup_tf.proposals import registry
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records import records
from boxsup_tf.records.example import decode_checked
from boxsup_tf.records.parsing import Record, parse

_MOST_POOLS = 4


@dataclasses.dataclass(frozen=True)
class DrawnBox:
    """A box that is not the image's own.

    Attributes:
        box: yxyx half-open, pixels.
        label: its class, at least 1.
    """

    box: tuple[float, float, float, float]
    label: int


@dataclasses.dataclass(frozen=True)
class Proposer:
    """The method for images without a pool, and its options.

    A method that finds masks of boxes is asked again for every box that is drawn; all others, once
    for an image.
    """

    method: str
    options: Any

    @property
    def needs_boxes(self) -> bool:
        return getattr(registry.get_method(self.method), "NEEDS_BOXES", False)

    def propose(self, inputs: ProposalInput) -> CandidatePool:
        """The method's pool.

        Raises:
            InputError: the method fails.
        """
        try:
            return registry.get_method(self.method).propose(inputs, self.options)
        except Exception as error:  # whatever a library finds wrong with this image
            raise InputError(f"{self.method} failed: {first_line(error)}") from error


class OpenedImage:
    """A record with what has been made of it so far.

    Args:
        serialized: the record.
        proposer: where it has no pool.

    Attributes:
        source_id: the record's.
        image: uint8 [H, W, 3], RGB.
        record: the same for a graph, with its own boxes and pool.

    Raises:
        InputError: the record is damaged, or its pool is another image's.
    """

    def __init__(self, serialized: bytes, proposer: Proposer) -> None:
        self._proposer = proposer
        self._example = example = records.decode_example(serialized)
        self.source_id = example.source_id
        # Any that records hold; uploads have a limit of their own.
        self.image = decode_checked(example.encoded, self.source_id, MAX_PIXELS / 1e6).numpy()
        self.record = parse(tf.constant(serialized))
        try:
            self._stored = stored = records.decode_pool(serialized)
        except (ValueError, zlib.error) as error:
            raise InputError(f"{self.source_id}: its candidate pool is damaged: {error}") from None
        if stored is not None and stored.superpixels.shape != self.image.shape[:2]:
            raise InputError(
                f"{self.source_id}: its candidate pool is {stored.superpixels.shape} (height, "
                f"width): expected the image's {self.image.shape[:2]}"
            )
        self._pool_for = functools.lru_cache(_MOST_POOLS)(self._propose)

    @property
    def has_pool(self) -> bool:
        """Whether the record has one; else it is proposed."""
        return self._stored is not None

    def pool_key(self, drawn: DrawnBox | None) -> str:
        """Names the pool from which the image's boxes and a drawn one choose."""
        return str(drawn) if self._asks_for(drawn) else ""

    def pool(self, drawn: DrawnBox | None) -> CandidatePool:
        """The pool from which the image's boxes and a drawn one choose.

        Raises:
            InputError: none can be proposed.
        """
        return self._pool(drawn)[0]

    def record_with(self, drawn: DrawnBox | None) -> Record:
        """The `Record` with this pool, and with the drawn box as its last one.

        Raises:
            InputError: as `pool`, or the box has no area or reaches out of the image.
        """
        record = self.record._replace(pool=self._pool(drawn)[1])
        return with_box(record, drawn.box, drawn.label) if drawn else record

    def _asks_for(self, drawn: DrawnBox | None) -> bool:
        return drawn is not None and self._proposer.needs_boxes and not self.has_pool

    def _pool(self, drawn: DrawnBox | None) -> tuple[CandidatePool, PackedPool]:
        if drawn:
            _check_box(drawn.box, self.image.shape[0], self.image.shape[1], self.source_id)
        if self._stored is not None:
            return self._stored, self.record.pool
        return self._pool_for(drawn if self._asks_for(drawn) else None)

    def _propose(self, drawn: DrawnBox | None) -> tuple[CandidatePool, PackedPool]:
        pool = self._proposer.propose(self._input(drawn))
        return pool, PackedPool.of(pool)

    def _input(self, drawn: DrawnBox | None) -> ProposalInput:
        example = self._example
        boxes = np.zeros((0, 4), np.float32) if example.boxes is None else example.boxes
        labels = example.labels
        if drawn:
            boxes = np.concatenate([boxes, np.array([drawn.box], np.float32)])
            labels = np.append(labels, drawn.label)
        return ProposalInput(self.image, boxes, example.filename, labels)


def _check_box(box: tuple[float, ...], height: int, width: int, where: str) -> None:
    """Makes sure that a drawn box has an area and lies in its image.

    Raises:
        InputError: it is inverted, empty, or reaches outside the image.
    """
    ymin, xmin, ymax, xmax = box
    shown = f"box [ymin {ymin:g}, xmin {xmin:g}, ymax {ymax:g}, xmax {xmax:g}]"
    if not (ymin < ymax and xmin < xmax):
        raise InputError(f"{where}: {shown} is empty or inverted: expected minima below maxima")
    if ymin < 0 or xmin < 0 or ymax > height or xmax > width:
        raise InputError(
            f"{where}: {shown} reaches outside the image of height {height} and width {width}"
        )
