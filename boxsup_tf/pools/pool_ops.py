"""Candidate pools inside a TensorFlow graph: unpack, pick candidates, tight boxes.

The counterpart of `candidates.CandidatePool` and `packing` for tf.data pipelines and
tf.functions.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from boxsup_tf.pools.packing import MAX_PIXELS

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
    """

    superpixels: tf.Tensor
    membership: tf.Tensor
    num_candidates: tf.Tensor
    one_per_box: tf.Tensor


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

    What is no pool is an InvalidArgumentError, as it is a ValueError in NumPy.
    """
    superpixels = decode_superpixels(packed.superpixels)
    membership = decode_membership(packed.membership, packed.num_candidates)
    number = tf.shape(membership.columns)[0]
    labels = tf.reshape(superpixels, [-1])
    checks = [
        tf.debugging.assert_equal(tf.reduce_max(labels) + 1, number, DAMAGED_POOL),
        tf.debugging.assert_positive(
            tf.math.bincount(labels, minlength=number, maxlength=number), DAMAGED_POOL
        ),
    ]
    with tf.control_dependencies(checks):
        return Pool(tf.identity(superpixels), membership, packed.one_per_box)


def decode_superpixels(encoded: tf.Tensor) -> tf.Tensor:
    """int32 [H, W] from the runs (scalar string) that `packing.pack_superpixels` wrote."""
    size = tf.io.decode_raw(tf.strings.substr(encoded, 0, 8), tf.int32)
    height, width = size[0], size[1]
    stream = tf.strings.substr(encoded, 8, tf.strings.length(encoded) - 8)
    stored = tf.io.decode_raw(tf.io.decode_compressed(stream, "ZLIB"), tf.uint8)
    row_bytes = (width + 7) // 8
    area = 8 * tf.cast(height, tf.int64) * tf.cast(row_bytes, tf.int64)
    sizes = [
        tf.debugging.assert_positive(size, DAMAGED_POOL),
        tf.debugging.assert_less_equal(area, tf.constant(MAX_PIXELS, tf.int64), DAMAGED_POOL),
    ]
    with tf.control_dependencies(sizes):
        stored = tf.identity(stored)
    bits = tf.reshape(stored[: row_bytes * height], tf.stack([row_bytes, height]))
    bits = tf.reshape(tf.transpose(bits), [-1])
    labels = tf.bitcast(tf.reshape(stored[row_bytes * height :], [-1, 2]), tf.uint16)
    # In most bytes no run starts: their eight pixels go on with the last byte in which one does.
    # Pixels are looked up one by one in the others only, which is faster.
    starting = bits > 0
    started = tf.gather(_RUNS_STARTED, tf.cast(tf.boolean_mask(bits, starting), tf.int32))
    whole = [
        tf.debugging.assert_equal(tf.reduce_sum(started[:, -1]), tf.size(labels), DAMAGED_POOL),
        tf.debugging.assert_greater_equal(tf.cast(bits[0], tf.int32), 128, DAMAGED_POOL),
    ]
    with tf.control_dependencies(whole):
        started = tf.identity(started)
    runs = started + tf.cumsum(started[:, -1], exclusive=True)[:, None] - 1
    pixels = tf.gather(tf.cast(labels, tf.int32), runs)
    going_on = tf.tile(pixels[:, -1:], [1, 8])
    last = tf.cumsum(tf.cast(starting, tf.int32)) - 1
    rows = tf.where(starting, last, last + tf.shape(pixels)[0])
    eights = tf.gather(tf.concat([pixels, going_on], axis=0), rows)
    return tf.reshape(eights, tf.stack([height, 8 * row_bytes]))[:, :width]


def decode_membership(packed: tf.Tensor, count: tf.Tensor) -> Membership:
    """The membership of `count` candidates that `packing.pack_membership` wrote."""
    stored = tf.io.decode_raw(tf.io.decode_compressed(packed, "ZLIB"), tf.uint8)
    count = tf.cast(count, tf.int32)
    width = count // 8 + 1
    places_size = 4 * (count + 1)
    num_superpixels = (tf.size(stored) - places_size) // (4 + width)
    rows_end = places_size + 4 * num_superpixels
    with tf.control_dependencies([tf.debugging.assert_positive(num_superpixels, DAMAGED_POOL)]):
        columns = tf.reshape(stored[rows_end:], tf.stack([num_superpixels, width]))
    return Membership(
        tf.gather(columns, _permutation(stored[places_size:rows_end])),
        _permutation(stored[:places_size]),
    )


def _permutation(planes: tf.Tensor) -> tf.Tensor:
    """int32 [n], each of 0 .. n - 1 once, see `_from_planes`."""
    values = _from_planes(planes)
    check = tf.debugging.assert_equal(tf.sort(values), tf.range(tf.size(values)), DAMAGED_POOL)
    with tf.control_dependencies([check]):
        return tf.identity(values)


def _from_planes(planes: tf.Tensor) -> tf.Tensor:
    """int32 [n] from its 4 n bytes: all lowest bytes first, all highest last."""
    return tf.bitcast(tf.transpose(tf.reshape(planes, [4, -1])), tf.int32)


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
