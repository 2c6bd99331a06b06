"""benchmarks/rewritten_records.py: a part of the images, and other boxes with the same pools."""

import dataclasses

import numpy as np
from rewritten_records import write_changed, write_part

from boxsup_tf.records.records import decode_example, decode_pool
from boxsup_tf.records.shards import read_records
from tests.records.examples import POOL
from tests.records.numbered import write_numbered, write_records
from tests.records.three_records import BOXES, three_records


def test_a_part_keeps_the_records_and_their_order(tmp_path):
    whole, part = str(tmp_path / "whole"), str(tmp_path / "part")
    write_numbered(tmp_path / "whole")
    assert write_part(whole, part, {"id7", "id2", "id3"}) == part
    assert list(read_records(part)) == [list(read_records(whole))[i] for i in (2, 3, 7)]


def test_a_change_leaves_the_pool(tmp_path):
    whole = str(tmp_path / "whole")
    write_records(tmp_path / "whole", three_records(), 2)

    def moved(example):
        if example.boxes is None or not len(example.boxes):
            return example
        return dataclasses.replace(example, boxes=example.boxes / 2)

    changed = write_changed(whole, str(tmp_path / "changed"), moved, {"moved": True})
    first, second, third = read_records(changed)
    np.testing.assert_allclose(decode_example(first).boxes, BOXES / 2, atol=1e-5)
    assert [second, third] == three_records()[1:]
    pool = decode_pool(first)
    np.testing.assert_array_equal(pool.membership, POOL.membership)
    np.testing.assert_array_equal(pool.superpixels, POOL.superpixels)
