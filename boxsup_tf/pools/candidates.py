"""CandidatePool: every candidate segment of one image, as superpixels and membership.

Candidate n is the union of the superpixels r with membership[n, r]. Cross-entropy is
additive over superpixels, so all candidates are scored by one segment-sum and one matrix
product, and N x H x W masks never exist (BoxSup, Sec. 3.2 asks for a few thousand of them
an image). Any stack of masks can be written in this form exactly: its superpixels are the
cells of the masks' common refinement.
"""

import dataclasses
import functools

import numpy as np

from boxsup_tf.pools import packing

MAX_SUPERPIXELS = 2**16  # they are stored as 16-bit numbers


@dataclasses.dataclass(frozen=True)
class CandidatePool:
    """All candidates of one image.

    Attributes:
        superpixels: int32 [H, W], values 0 .. R-1, each of which occurs.
        membership: bool [N, R]; every row holds at least one superpixel. N may be 0.
        method: the name of the method that made the pool.
        one_per_box: candidate n was made for box n, and that box alone may choose it.
    """

    superpixels: np.ndarray
    membership: np.ndarray
    method: str
    one_per_box: bool = False

    def __post_init__(self) -> None:
        if self.superpixels.ndim != 2 or self.superpixels.size == 0:
            raise ValueError(f"superpixels must be [H, W], not {list(self.superpixels.shape)}")
        if self.membership.ndim != 2 or self.membership.dtype != np.bool_:
            raise ValueError(f"membership must be bool [N, R], not {self.membership.dtype}")
        num_superpixels = self.membership.shape[1]
        counts = np.bincount(self.superpixels.ravel(), minlength=num_superpixels)
        if counts.size != num_superpixels or not counts.all():
            raise ValueError(
                f"superpixel labels must be exactly 0 .. {num_superpixels - 1}, the columns of "
                f"membership; found {np.count_nonzero(counts)} labels up to {counts.size - 1}"
            )
        if num_superpixels > MAX_SUPERPIXELS:
            raise ValueError(f"{num_superpixels} superpixels, more than {MAX_SUPERPIXELS}")
        empty = np.flatnonzero(~self.membership.any(axis=1))
        if empty.size:
            raise ValueError(f"candidate {empty[0]} is empty: it holds no superpixel")

    @classmethod
    def from_masks(
        cls, masks: np.ndarray, method: str, one_per_box: bool = False
    ) -> "CandidatePool":
        """A pool whose candidates are exactly `masks`.

        Args:
            masks: bool [N, H, W]; none may be empty.

        Returns:
            A pool whose superpixels are the cells of the masks' common refinement, numbered
            in the order of their membership, so that equal masks give equal pools.
        """
        num, height, width = masks.shape
        if num == 0:
            nothing = np.zeros((0, 1), bool)
            return cls(np.zeros((height, width), np.int32), nothing, method, one_per_box)
        bits = np.ascontiguousarray(np.packbits(masks.reshape(num, -1), axis=0).T)
        # One opaque value per pixel: np.unique(axis=0) would sort field by field, far slower.
        pixels = bits.view(np.dtype((np.void, bits.shape[1]))).ravel()
        cells, inverse = np.unique(pixels, return_inverse=True)
        cell_bits = cells.view(np.uint8).reshape(-1, bits.shape[1])
        membership = np.unpackbits(cell_bits, axis=1, count=num).T.astype(bool)
        superpixels = inverse.reshape(height, width).astype(np.int32)
        return cls(superpixels, membership, method, one_per_box)

    @property
    def num_candidates(self) -> int:
        return self.membership.shape[0]

    @functools.cached_property
    def areas(self) -> np.ndarray:
        """int64 [N], pixels."""
        return self.membership @ np.bincount(self.superpixels.ravel())

    @functools.cached_property
    def tight_boxes(self) -> np.ndarray:
        """int32 [N, 4], [ymin, xmin, ymax, xmax] half-open, pixels."""
        boxes = superpixel_boxes_yxyx(self.superpixels, self.membership.shape[1])
        if self.num_candidates == 0:
            return np.zeros((0, 4), np.int32)
        far = np.iinfo(np.int32).max
        low = [np.where(self.membership, boxes[:, i], far).min(axis=1) for i in (0, 1)]
        high = [np.where(self.membership, boxes[:, i], 0).max(axis=1) for i in (2, 3)]
        return np.stack(low + high, axis=1).astype(np.int32)

    def mask(self, candidate: int) -> np.ndarray:
        """bool [H, W]: the pixels of one candidate."""
        return self.membership[candidate][self.superpixels]

    def pack(self) -> tuple[bytes, bytes]:
        """The two byte strings of a record, superpixels and membership; see `packing`."""
        return packing.pack_superpixels(self.superpixels), packing.pack_membership(self.membership)

    @classmethod
    def unpack(
        cls, superpixels: bytes, membership: bytes, count: int, method: str, one_per_box: bool
    ) -> "CandidatePool":
        """The inverse of `pack`; `count` is the number of candidates.

        Raises:
            ValueError: the strings are not those of a pool of this size.
        """
        labels = packing.unpack_superpixels(superpixels)
        members = packing.unpack_membership(membership, count, int(labels.max()) + 1)
        return cls(labels, members, method, one_per_box)


def superpixel_boxes_yxyx(superpixels: np.ndarray, num_superpixels: int) -> np.ndarray:
    """int64 [R, 4]: the tight box of every superpixel, half-open, pixels."""
    height, width = superpixels.shape
    flat = superpixels.ravel()
    y = np.repeat(np.arange(height), width)
    x = np.tile(np.arange(width), height)
    boxes = np.zeros((num_superpixels, 4), np.int64)
    boxes[:, :2] = np.iinfo(np.int64).max
    np.minimum.at(boxes[:, 0], flat, y)
    np.minimum.at(boxes[:, 1], flat, x)
    np.maximum.at(boxes[:, 2], flat, y + 1)
    np.maximum.at(boxes[:, 3], flat, x + 1)
    return boxes
