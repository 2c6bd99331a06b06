"""pools.pool_ops inside a graph, against CandidatePool in NumPy."""

import resource
import zlib

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.pools import packing, pool_ops
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.packing import NO_CHECKSUM
from tests.supervision.pools import random_pool

SIZES = [(0, 1), (0, 300), (1, 300), (6, 40), (7, 40), (8, 40), (300, 1), (5000, 700), (66_000, 20)]


def _pool(num: int, num_superpixels: int) -> CandidatePool:
    return random_pool(np.random.default_rng(num), 40, 50, num_superpixels, num)


_PACKED = pool_ops.PackedPool(
    *[tf.TensorSpec([], tf.string)] * 2,
    tf.TensorSpec([], tf.int64),
    tf.TensorSpec([], tf.bool),
    tf.TensorSpec([], tf.int64),
)


@tf.function(input_signature=[_PACKED, tf.TensorSpec([None], tf.int32)])
def _decode(packed, chosen):
    pool = pool_ops.unpack(packed)
    membership = pool.membership
    stored = pool_ops.stored_members(membership)
    boxes = pool_ops.tight_boxes_yxyx(pool.superpixels, stored)
    return {
        "superpixels": pool.superpixels,
        "stored": stored,
        "members": pool_ops.in_pool_order(membership, stored),
        "chosen": pool_ops.members_of(membership, chosen),
        "boxes": tf.transpose(pool_ops.in_pool_order(membership, tf.transpose(boxes))),
    }


def _decode_pool(pool: CandidatePool, chosen: np.ndarray) -> dict[str, tf.Tensor]:
    return _decode(pool_ops.PackedPool.of(pool), chosen)


@pytest.mark.parametrize(("num", "num_superpixels"), SIZES)
def test_graph_agrees_with_numpy(num, num_superpixels):
    pool = _pool(num, num_superpixels)
    chosen = np.random.default_rng(1).integers(0, num + 1, 13).astype(np.int32)
    decoded = _decode_pool(pool, chosen)
    np.testing.assert_array_equal(decoded["superpixels"], pool.superpixels)
    np.testing.assert_array_equal(decoded["members"], pool.membership.T)
    with_empty = np.pad(pool.membership, ((0, 1), (0, 0)))
    np.testing.assert_array_equal(decoded["chosen"], with_empty[chosen])
    np.testing.assert_array_equal(decoded["boxes"], pool.tight_boxes)


@pytest.mark.parametrize("num", [0, 7, 8, 200])
def test_bits_without_a_candidate_are_empty(num):
    pool = _pool(num, 30)
    stored = _decode_pool(pool, np.zeros(0, np.int32))["stored"].numpy()
    assert stored.any(axis=0).sum() == num < stored.shape[1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (37, 50), (16, 64)])
@pytest.mark.parametrize("side", [1, 5, 13, 100])
def test_superpixels_of_long_and_short_runs(shape, side):
    y, x = np.indices(shape)
    labels = ((y + x // 3) // side * 70 + x // side).astype(np.int32)  # slanting stripes
    _, labels = np.unique(labels, return_inverse=True)
    labels = labels.reshape(shape).astype(np.int32)
    pool = CandidatePool(labels, np.ones((1, labels.max() + 1), bool), "")
    decoded = _decode_pool(pool, np.zeros(0, np.int32))["superpixels"]
    assert decoded.dtype == tf.int32
    np.testing.assert_array_equal(decoded, labels)


def test_one_trace_serves_every_size():
    before = _decode.experimental_get_tracing_count()
    for num, num_superpixels in ((3, 50), (30, 150)):
        _decode_pool(_pool(num, num_superpixels), np.zeros(1, np.int32))
    assert _decode.experimental_get_tracing_count() <= max(before, 1)


def _unpack(superpixels: bytes, membership: bytes, count: int, checksum: int = NO_CHECKSUM):
    packed = pool_ops.PackedPool(superpixels, membership, count, False, checksum)
    found = _decode(packed, np.zeros(0, np.int32))
    return found["superpixels"].numpy(), found["members"].numpy().T


def _both(*packed):
    """What NumPy makes of a packed pool, after making sure that a graph does the same of it."""
    try:
        pool = CandidatePool.unpack(*packed[:3], "", False, *packed[3:])
    except ValueError:
        with pytest.raises(tf.errors.InvalidArgumentError, match=pool_ops.DAMAGED_POOL):
            _unpack(*packed)
        return None
    superpixels, members = _unpack(*packed)
    np.testing.assert_array_equal(superpixels, pool.superpixels)
    np.testing.assert_array_equal(members, pool.membership)
    return pool


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
        refused += _both(*damaged, 7) is None
    assert refused > 100


def test_a_candidate_without_a_superpixel_is_refused():
    pool = _pool(3, 5)
    members = pool.membership.copy()
    members[1] = False
    assert _both(pool.pack()[0], packing.pack_membership(members), 3) is None


def test_a_superpixel_that_does_not_occur_is_refused():
    labels = np.array([[0, 0, 2, 2]])
    members = packing.pack_membership(np.ones((1, 3), bool))
    assert _both(packing.pack_superpixels(labels), members, 1) is None


@pytest.mark.parametrize("part", [0, 1])
def test_what_unpacks_to_more_than_its_size_is_not_unpacked(part):
    """Memory is what TensorFlow's own zlib would take: 400 MB of zeros."""
    packed = list(_pool(7, 12).pack())
    bomb = zlib.compressobj(1)
    content = b"".join(bomb.compress(bytes(10**7)) for _ in range(40)) + bomb.flush()
    packed[part] = (packed[0][:8] if part == 0 else b"") + content
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert _both(*packed, 7) is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_another_pools_parts_are_found_by_the_checksum():
    """Each is whole by itself."""
    first, second = (random_pool(np.random.default_rng(n), 9, 8, 5, 4) for n in (0, 1))
    (superpixels, members), (others, _) = first.pack(), second.pack()
    checksum = packing.checksum_of(superpixels, members, 4, False)
    assert _both(superpixels, members, 4, checksum) is not None
    assert _both(others, members, 4) is not None  # nothing else would tell
    assert _both(others, members, 4, checksum) is None
    assert _both(superpixels, members, 4, checksum ^ 1) is None
