"""pools.pool_ops inside a graph, against CandidatePool in NumPy."""

import zlib

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.pools import packing, pool_ops
from boxsup_tf.pools.candidates import CandidatePool
from tests.supervision.pools import random_pool

SIZES = [(0, 1), (0, 300), (1, 300), (6, 40), (7, 40), (8, 40), (300, 1), (5000, 700), (66_000, 20)]


def _pool(num: int, num_superpixels: int) -> CandidatePool:
    return random_pool(np.random.default_rng(num), 40, 50, num_superpixels, num)


@tf.function(
    input_signature=[
        tf.TensorSpec([], tf.string),
        tf.TensorSpec([], tf.string),
        tf.TensorSpec([], tf.int64),
        tf.TensorSpec([None], tf.int32),
    ]
)
def _decode(superpixels_png, packed, count, chosen):
    superpixels = pool_ops.decode_superpixels(superpixels_png)
    membership = pool_ops.decode_membership(packed, count)
    stored = pool_ops.stored_members(membership)
    boxes = pool_ops.tight_boxes_yxyx(superpixels, stored)
    return {
        "superpixels": superpixels,
        "stored": stored,
        "members": pool_ops.in_pool_order(membership, stored),
        "chosen": pool_ops.members_of(membership, chosen),
        "boxes": tf.transpose(pool_ops.in_pool_order(membership, tf.transpose(boxes))),
    }


@pytest.mark.parametrize(("num", "num_superpixels"), SIZES)
def test_graph_agrees_with_numpy(num, num_superpixels):
    pool = _pool(num, num_superpixels)
    chosen = np.random.default_rng(1).integers(0, num + 1, 13).astype(np.int32)
    decoded = _decode(*pool.pack(), num, chosen)
    np.testing.assert_array_equal(decoded["superpixels"], pool.superpixels)
    np.testing.assert_array_equal(decoded["members"], pool.membership.T)
    with_empty = np.pad(pool.membership, ((0, 1), (0, 0)))
    np.testing.assert_array_equal(decoded["chosen"], with_empty[chosen])
    np.testing.assert_array_equal(decoded["boxes"], pool.tight_boxes)


@pytest.mark.parametrize("num", [0, 7, 8, 200])
def test_bits_without_a_candidate_are_empty(num):
    pool = _pool(num, 30)
    stored = _decode(*pool.pack(), num, np.zeros(0, np.int32))["stored"].numpy()
    assert stored.any(axis=0).sum() == num < stored.shape[1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (37, 50), (16, 64)])
@pytest.mark.parametrize("side", [1, 5, 13, 100])
def test_superpixels_of_long_and_short_runs(shape, side):
    y, x = np.indices(shape)
    labels = ((y + x // 3) // side * 70 + x // side).astype(np.int32)  # slanting stripes
    decoded = pool_ops.decode_superpixels(tf.constant(packing.pack_superpixels(labels)))
    assert decoded.dtype == tf.int32
    np.testing.assert_array_equal(decoded, labels)


def test_one_trace_serves_every_size():
    before = _decode.experimental_get_tracing_count()
    for num, num_superpixels in ((3, 50), (30, 150)):
        _decode(*_pool(num, num_superpixels).pack(), num, np.zeros(1, np.int32))
    assert _decode.experimental_get_tracing_count() <= max(before, 1)


@tf.function(
    input_signature=[
        tf.TensorSpec([], tf.string),
        tf.TensorSpec([], tf.string),
        tf.TensorSpec([], tf.int64),
    ]
)
def _unpack(superpixels, membership, count):
    packed = pool_ops.PackedPool(superpixels, membership, count, tf.constant(False))
    pool = pool_ops.unpack(packed)
    return pool.superpixels, pool_ops.in_pool_order(
        pool.membership, pool_ops.stored_members(pool.membership)
    )


def test_what_numpy_refuses_the_graph_refuses():
    """Damage behind the checksum of the stream: its unpacked bytes are changed one by one."""
    pool = _pool(7, 12)
    rng = np.random.default_rng(0)
    packed = pool.pack()
    refused = 0
    for number in range(300):
        part = number % 2
        head = packed[0][:8] if part == 0 else b""
        content = bytearray(head + zlib.decompress(packed[part][len(head) :]))
        place = rng.integers(len(content)) if number > 60 else rng.integers(min(len(content), 60))
        kind = number % 3
        if kind == 0:
            content[place] ^= 1 << rng.integers(8)
        elif kind == 1:
            del content[place]
        else:
            content[place] = rng.integers(256)
        head = bytes(content[: len(head)])
        damaged = list(packed)
        damaged[part] = head + zlib.compress(bytes(content[len(head) :]))
        try:
            expected = CandidatePool.unpack(*damaged, 7, "", False)
        except ValueError as error:
            if "is empty" in str(error):  # the graph does not look at every candidate
                continue
            refused += 1
            with pytest.raises(tf.errors.InvalidArgumentError):
                _unpack(*damaged, 7)
        else:
            superpixels, members = _unpack(*damaged, 7)
            np.testing.assert_array_equal(superpixels, expected.superpixels)
            np.testing.assert_array_equal(members, expected.membership.T)
    assert refused > 100
