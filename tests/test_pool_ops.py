"""pool_ops inside a graph, against CandidatePool in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf import pool_ops
from boxsup_tf.candidates import CandidatePool


def _pool(num: int, num_superpixels: int = 300, seed: int = 0) -> CandidatePool:
    rng = np.random.default_rng(seed)
    superpixels = rng.integers(0, num_superpixels, (40, 50))
    superpixels.ravel()[:num_superpixels] = np.arange(num_superpixels)
    membership = rng.random((num, num_superpixels)) < 0.01
    membership[np.arange(num), rng.integers(0, num_superpixels, num)] = True
    return CandidatePool(superpixels.astype(np.int32), membership, "random")


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
    columns = pool_ops.decode_columns(packed, count)
    members = pool_ops.all_members(columns, count)
    return {
        "superpixels": superpixels,
        "members": members,
        "chosen": pool_ops.members_of(columns, chosen),
        "areas": pool_ops.areas(superpixels, members),
        "boxes": pool_ops.tight_boxes_yxyx(superpixels, members),
    }


@pytest.mark.parametrize("num", [1, 7, 8, 9, 200])
def test_graph_agrees_with_numpy(num):
    pool = _pool(num)
    chosen = np.random.default_rng(1).integers(0, num, 13).astype(np.int32)
    decoded = _decode(*pool.pack(), num, chosen)
    np.testing.assert_array_equal(decoded["superpixels"], pool.superpixels)
    np.testing.assert_array_equal(decoded["members"], pool.membership.T)
    np.testing.assert_array_equal(decoded["chosen"], pool.membership[chosen])
    np.testing.assert_array_equal(decoded["areas"], pool.areas)
    np.testing.assert_array_equal(decoded["boxes"], pool.tight_boxes)


@pytest.mark.parametrize("num_superpixels", [1, 300])
def test_an_empty_pool(num_superpixels):
    decoded = _decode(*_pool(0, num_superpixels).pack(), 0, np.zeros(0, np.int32))
    assert decoded["members"].shape[1] == 0
    assert decoded["areas"].shape == (0,)
    assert decoded["boxes"].shape == (0, 4)
    assert decoded["chosen"].shape[0] == 0


def test_one_trace_serves_every_size():
    before = _decode.experimental_get_tracing_count()
    for seed, num in enumerate((3, 30)):
        _decode(*_pool(num, 50 + 100 * seed).pack(), num, np.zeros(1, np.int32))
    assert _decode.experimental_get_tracing_count() <= max(before, 1)
