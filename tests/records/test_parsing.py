"""records.parsing: what a graph reads of a record, against what was written."""

import numpy as np
import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.pools import pool_ops
from boxsup_tf.records import records
from boxsup_tf.records.parsing import parse
from tests.records.examples import EXAMPLE, MASK_ONLY, NO_BOX, POOL
from tests.records.numbered import CLASSES


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def read(serialized):
    record = parse(serialized)
    return record, record.label_map(), record.image()


def test_a_record_with_everything():
    record, label_map, image = read(records.encode_example(EXAMPLE, CLASSES))
    assert record.source_id.numpy().decode() == EXAMPLE.source_id
    assert record.encoded.numpy() == EXAMPLE.encoded
    np.testing.assert_array_equal(record.size, [24, 32])
    np.testing.assert_allclose(record.boxes, EXAMPLE.boxes, atol=1e-5)
    np.testing.assert_array_equal(record.labels, EXAMPLE.labels)
    np.testing.assert_array_equal(record.is_crowd, [False, True])
    np.testing.assert_array_equal(record.difficult, [False, True])
    np.testing.assert_array_equal(label_map, EXAMPLE.mask)
    assert image.shape == (24, 32, 3) and record.has_mask()


def test_what_is_not_annotated():
    record, label_map, _ = read(records.encode_example(NO_BOX, CLASSES))
    assert record.boxes.shape == (0, 4) and record.has_boxes and not record.has_mask()
    assert label_map.shape == (24, 32) and np.all(label_map == VOID)
    assert not read(records.encode_example(MASK_ONLY, CLASSES))[0].has_boxes


def test_the_pool_is_unpacked_as_it_was_made():
    serialized = records.add_pool(records.encode_example(EXAMPLE, CLASSES), POOL)
    pool = pool_ops.unpack(read(serialized)[0].pool)
    np.testing.assert_array_equal(pool.superpixels, POOL.superpixels)
    members = pool_ops.members_of(pool.membership, tf.range(POOL.num_candidates))
    np.testing.assert_array_equal(members, POOL.membership)
    assert not pool.one_per_box
