"""records.records: what goes into a record comes out, in Python and in a graph."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.records import records
from boxsup_tf.records.example import Example
from tests.records.examples import EXAMPLE, MASK_ONLY, NO_BOX, POOL
from tests.records.numbered import CLASSES


@pytest.mark.parametrize("example", [EXAMPLE, NO_BOX, MASK_ONLY])
def test_decode_is_the_inverse_of_encode(example):
    decoded = records.decode_example(records.encode_example(example, CLASSES))
    for field in dataclasses.fields(Example):
        expected, found = getattr(example, field.name), getattr(decoded, field.name)
        if isinstance(expected, np.ndarray):
            assert found.dtype == expected.dtype and found.shape == expected.shape
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        else:
            assert found == expected, field.name


def test_the_keys_that_other_tools_read():
    record = tf.train.Example.FromString(records.encode_example(EXAMPLE, CLASSES))
    features = record.features.feature
    assert list(features["image/object/class/text"].bytes_list.value) == [b"dog", b"cat"]
    assert list(features["image/object/class/label"].int64_list.value) == [2, 1]
    assert list(features["image/object/bbox/ymax"].float_list.value) == [1.0, 7.5 / 24]
    assert list(features["image/object/bbox/xmin"].float_list.value) == [0.0, 5.25 / 32]
    assert list(features["image/object/is_crowd"].int64_list.value) == [0, 1]
    assert list(features["image/format"].bytes_list.value) == [b"jpeg"]
    assert list(features["image/segmentation/class/format"].bytes_list.value) == [b"png"]


def test_equal_examples_give_equal_bytes():
    once, twice = (records.encode_example(EXAMPLE, CLASSES) for _ in range(2))
    assert once == twice
    assert records.add_pool(once, POOL) == records.add_pool(records.add_pool(twice, POOL), POOL)


def test_pool_of_a_record():
    serialized = records.encode_example(EXAMPLE, CLASSES)
    assert records.decode_pool(serialized) is None
    with_pool = records.add_pool(serialized, dataclasses.replace(POOL, one_per_box=True))
    pool = records.decode_pool(with_pool)
    assert pool is not None and pool.one_per_box and pool.method == "x"
    np.testing.assert_array_equal(pool.superpixels, POOL.superpixels)
    np.testing.assert_array_equal(pool.membership, POOL.membership)
    # The pool changes nothing else.
    np.testing.assert_array_equal(records.decode_example(with_pool).mask, EXAMPLE.mask)
