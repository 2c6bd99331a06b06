"""Candidate pools inside a TensorFlow graph: unpack, pick candidates, tight boxes.

The counterpart of `candidates.CandidatePool` and `packing` for tf.data pipelines and
tf.functions.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.packing import NO_CHECKSUM, read_pool

_BYTES = np.arange(256, dtype=np.uint8)[:, None]
# int32 [256, 8]: how many runs have started at each of a byte's eight pixels.
_RUNS_STARTED = np.unpackbits(_BYTES, axis=1).cumsum(axis=1, dtype=np.int32)


DAMAGED_POOL = "damaged candidate pool"


class PackedPool(NamedTuple):
    """A pool as a record holds it.

    Attributes:
        superpixels, membership: scalar strings, of `CandidatePool.pack`.
        num_candidates: scalar int64.
        one_per_box: scalar bool: candidate n was made for box n, and that box alone may choose it.
        checksum: scalar int64, see `packing.checksum_of`.
    """

    superpixels: tf.Tensor
    membership: tf.Tensor
    num_candidates: tf.Tensor
    one_per_box: tf.Tensor
    checksum: tf.Tensor

    @classmethod
    def of(cls, pool: CandidatePool) -> "PackedPool":
        """That of a pool."""
        count = tf.constant(pool.num_candidates, tf.int64)
        unknown = tf.constant(NO_CHECKSUM, tf.int64)
        superpixels, membership = (tf.constant(part) for part in pool.pack())
        return cls(superpixels, membership, count, tf.constant(pool.one_per_box), unknown)


class Membership(NamedTuple):
    """Which superpixels the candidates hold, as it is stored: packed, and in another order.

    Attributes:
        columns: uint8 [R, W], W = N // 8 + 1: a row per superpixel, a bit per stored candidate,
            the first one highest. Bits in which no candidate is stored are 0.
        places: int32 [N + 1]: in which bit every candidate is stored, and, last, an empty one.
    """

    columns: tf.Tensor
    places: tf.Tensor


class Pool(NamedTuple):
    """A pool whose candidates can be scored and painted.

    Attributes:
        superpixels: int32 [H, W], values 0 .. R - 1.
        membership: of N candidates.
        one_per_box: see `PackedPool`.
    """

    superpixels: tf.Tensor
    membership: Membership
    one_per_box: tf.Tensor


def unpack(packed: PackedPool) -> Pool:
    """The one place where a graph decodes a pool.

    What NumPy refuses as a pool, with a ValueError, is an InvalidArgumentError that begins with
    `DAMAGED_POOL`.
    """
    size, bits, labels, columns, places = _checked(packed)
    membership = Membership(columns, tf.bitcast(places, tf.int32))
    return Pool(_superpixels(size, bits, labels), membership, packed.one_per_box)


@tf.function(autograph=False)  # outside of a graph, numpy_function cuts zeros off strings
def _checked(packed: PackedPool) -> list[tf.Tensor]:
    """What `packing.read_pool` returns; Python's zlib stops at a size, TensorFlow's does not."""
    kinds = [tf.int32, tf.uint8, tf.uint16, tf.uint8, tf.uint32]
    parts = tf.numpy_function(_read, packed, kinds)
    for part, rank in zip(parts, (1, 2, 1, 2, 1), strict=True):
        part.set_shape([None] * rank)
    return parts


def _read(
    superpixels: bytes, membership: bytes, count: int, one_per_box: bool, checksum: int
) -> tuple[np.ndarray, ...]:
    try:
        return read_pool(superpixels, membership, int(count), bool(one_per_box), int(checksum))
    except ValueError as error:
        raise ValueError(f"{DAMAGED_POOL}: {error}") from None


def _superpixels(size: tf.Tensor, bits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """int32 [H, W] of the runs that `packing.read_superpixels` read."""
    height, width = size[0], size[1]
    bits = tf.reshape(tf.transpose(bits), [-1])
    # In most bytes no run starts: their eight pixels go on with the last byte in which one does.
    # Pixels are looked up one by one in the others only, which is faster.
    starting = bits > 0
    started = tf.gather(_RUNS_STARTED, tf.cast(tf.boolean_mask(bits, starting), tf.int32))
    runs = started + tf.cumsum(started[:, -1], exclusive=True)[:, None] - 1
    pixels = tf.gather(tf.cast(labels, tf.int32), runs)
    going_on = tf.tile(pixels[:, -1:], [1, 8])
    last = tf.cumsum(tf.cast(starting, tf.int32)) - 1
    rows = tf.where(starting, last, last + tf.shape(pixels)[0])
    eights = tf.gather(tf.concat([pixels, going_on], axis=0), rows)
    return tf.reshape(eights, tf.stack([height, -1]))[:, :width]


def members_of(membership: Membership, candidates: tf.Tensor) -> tf.Tensor:
    """bool [B, R]: membership of some candidates, without unpacking the others.

    Args:
        candidates: int32 [B], values in 0 .. N; N is the empty candidate.
    """
    places = tf.gather(membership.places, candidates)
    chosen = tf.gather(membership.columns, places // 8, axis=1)  # [R, B]
    shift = tf.cast(7 - places % 8, tf.uint8)
    bit = tf.bitwise.bitwise_and(tf.bitwise.right_shift(chosen, shift[None, :]), 1)
    return tf.transpose(tf.cast(bit, tf.bool))


def stored_members(membership: Membership) -> tf.Tensor:
    """The whole membership matrix, transposed and in the stored order: bool [R, S], S > N.

    Sorting it would cost more than unpacking it: sort what is computed from it instead, with
    `in_pool_order`. Columns in which no candidate is stored are empty.
    """
    shifts = tf.cast(tf.range(7, -1, -1), tf.uint8)[None, None, :]
    bits = tf.bitwise.right_shift(membership.columns[:, :, None], shifts)
    bits = tf.cast(tf.bitwise.bitwise_and(bits, 1), tf.bool)
    return tf.reshape(bits, tf.stack([tf.shape(bits)[0], -1]))


def in_pool_order(membership: Membership, values: tf.Tensor) -> tf.Tensor:
    """Values [..., N] of all candidates from [..., S], those of the columns of `stored_members`."""
    return tf.gather(values, membership.places[:-1], axis=-1)


def tight_boxes_yxyx(superpixels: tf.Tensor, members: tf.Tensor) -> tf.Tensor:
    """Tight boxes of all candidates, int32 [N, 4], half-open, pixels.

    Args:
        superpixels: int32 [H, W], values 0 .. R - 1, each of which occurs.
        members: bool [R, N]; an empty candidate gets an inverted box.
    """
    num = tf.shape(members)[0]

    def ends(lines: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """First line that a superpixel occurs in, and the one after the last: int32 [R] each."""
        occurs = tf.math.bincount(lines, minlength=num, maxlength=num, axis=-1, binary_output=True)
        count = tf.shape(lines)[0]
        number = tf.range(count)[:, None]
        first = count - tf.reduce_max(occurs * (count - number), axis=0)
        return first, tf.reduce_max(occurs * (number + 1), axis=0)

    top, bottom = ends(superpixels)
    left, right = ends(tf.transpose(superpixels))
    far = tf.constant(tf.int32.max)
    low = [tf.reduce_min(tf.where(members, v[:, None], far), axis=0) for v in (top, left)]
    high = [tf.reduce_max(tf.where(members, v[:, None], 0), axis=0) for v in (bottom, right)]
    return tf.stack(low + high, axis=1)
