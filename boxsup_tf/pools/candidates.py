"""CandidatePool: every candidate segment of one image, as superpixels and membership.

Candidate n is the union of the superpixels r with membership[n, r]. Cross-entropy is
additive over superpixels, so all candidates are scored by one segment-sum and one matrix
product, and N x H x W masks never exist (BoxSup, Sec. 3.2 asks for a few thousand of them
per image). Any stack of masks can be written in this form exactly: its superpixels are the
cells of the masks' common refinement.
"""

import dataclasses
import functools

import numpy as np
from scipy import ndimage

from boxsup_tf.pools import packing
from boxsup_tf.pools.refinement import refine

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
        """A pool whose candidates are exactly `masks`, bool [N, H, W], of which none may be empty.

        Its superpixels are those of `refinement.refine`: equal masks give equal pools.
        """
        return cls(*refine(masks, *masks.shape[1:]), method, one_per_box)

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
        return tight_boxes_yxyx(self.superpixels, self.membership).astype(np.int32)

    def mask(self, candidate: int) -> np.ndarray:
        """bool [H, W]: the pixels of one candidate."""
        return self.membership[candidate][self.superpixels]

    def pack(self) -> tuple[bytes, bytes]:
        """The two byte strings of a record, superpixels and membership; see `packing`."""
        return packing.pack_superpixels(self.superpixels), packing.pack_membership(self.membership)

    @classmethod
    def unpack(
        cls,
        superpixels: bytes,
        membership: bytes,
        count: int,
        method: str,
        one_per_box: bool,
        checksum: int = packing.NO_CHECKSUM,
    ) -> "CandidatePool":
        """The inverse of `pack`.

        Args:
            superpixels, membership: of `pack`.
            count: the number of candidates.
            method, one_per_box: of the pool.
            checksum: see `packing.checksum_of`.

        Raises:
            ValueError: they are not those of a pool, or of another one.
        """
        read = packing.read_pool(superpixels, membership, count, one_per_box, checksum)
        labels, members = packing.put_superpixels(*read[:3]), packing.put_membership(*read[3:])
        return cls(labels, members, method, one_per_box)


def tight_boxes_yxyx(superpixels: np.ndarray, membership: np.ndarray) -> np.ndarray:
    """int64 [N, 4]: the tight box of every row of bool [N, R], pixels; of an empty row inverted."""
    boxes = superpixel_boxes_yxyx(superpixels, membership.shape[1])
    far = np.iinfo(np.int64).max
    low = [np.where(membership, boxes[:, i], far).min(axis=1) for i in (0, 1)]
    high = [np.where(membership, boxes[:, i], 0).max(axis=1) for i in (2, 3)]
    return np.stack(low + high, axis=1)


def superpixel_boxes_yxyx(superpixels: np.ndarray, num_superpixels: int) -> np.ndarray:
    """int64 [R, 4]: the tight box of every superpixel, of which each occurs; half-open, pixels."""
    found = ndimage.find_objects(superpixels + 1, num_superpixels)
    return np.array([[y.start, x.start, y.stop, x.stop] for y, x in found], np.int64)
