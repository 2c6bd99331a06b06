"""records.records: what goes into a record comes out, in Python and in a graph."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.records import records
from boxsup_tf.records.example import Example
from tests.data.tiny import jpeg

_CLASSES = ("background", "cat", "dog")
_EXAMPLE = Example(
    source_id="set/é_1",
    filename="é_1.jpg",
    encoded=jpeg(),
    height=24,
    width=32,
    boxes=np.array([[0, 0, 24, 32], [3, 5.25, 7.5, 31]], np.float32),
    labels=np.array([2, 1]),
    difficult=np.array([False, True]),
    truncated=np.array([True, False]),
    is_crowd=np.array([False, True]),
    mask=np.random.default_rng(0).choice(np.array([0, 1, 2, 255], np.uint8), (24, 32)),
)
_NO_BOX = Example("b", "b.jpg", jpeg(), 24, 32, boxes=np.zeros((0, 4), np.float32))
_MASK_ONLY = Example("c", "c.jpg", jpeg(), 24, 32, mask=_EXAMPLE.mask)
_POOL = CandidatePool(np.arange(24 * 32).reshape(24, 32) // 100, np.eye(8, dtype=bool)[:5], "x")


@pytest.mark.parametrize("example", [_EXAMPLE, _NO_BOX, _MASK_ONLY])
def test_decode_is_the_inverse_of_encode(example):
    decoded = records.decode_example(records.encode_example(example, _CLASSES))
    for field in dataclasses.fields(Example):
        expected, found = getattr(example, field.name), getattr(decoded, field.name)
        if isinstance(expected, np.ndarray):
            assert found.dtype == expected.dtype and found.shape == expected.shape
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        else:
            assert found == expected, field.name


def test_the_keys_that_other_tools_read():
    record = tf.train.Example.FromString(records.encode_example(_EXAMPLE, _CLASSES))
    features = record.features.feature
    assert list(features["image/object/class/text"].bytes_list.value) == [b"dog", b"cat"]
    assert list(features["image/object/class/label"].int64_list.value) == [2, 1]
    assert list(features["image/object/bbox/ymax"].float_list.value) == [1.0, 7.5 / 24]
    assert list(features["image/object/bbox/xmin"].float_list.value) == [0.0, 5.25 / 32]
    assert list(features["image/object/is_crowd"].int64_list.value) == [0, 1]
    assert list(features["image/format"].bytes_list.value) == [b"jpeg"]
    assert list(features["image/segmentation/class/format"].bytes_list.value) == [b"png"]


def test_equal_examples_give_equal_bytes():
    once, twice = (records.encode_example(_EXAMPLE, _CLASSES) for _ in range(2))
    assert once == twice
    assert records.add_pool(once, _POOL) == records.add_pool(records.add_pool(twice, _POOL), _POOL)


def test_pool_of_a_record():
    serialized = records.encode_example(_EXAMPLE, _CLASSES)
    assert records.decode_pool(serialized) is None
    with_pool = records.add_pool(serialized, dataclasses.replace(_POOL, one_per_box=True))
    pool = records.decode_pool(with_pool)
    assert pool is not None and pool.one_per_box and pool.method == "x"
    np.testing.assert_array_equal(pool.superpixels, _POOL.superpixels)
    np.testing.assert_array_equal(pool.membership, _POOL.membership)
    # The pool changes nothing else.
    np.testing.assert_array_equal(records.decode_example(with_pool).mask, _EXAMPLE.mask)
