"""supervision.labelling: which place belongs to which box, and who sees a change."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.supervision.labelling import Labelling, box_ids
from boxsup_tf.supervision.selection import RECTANGLE

COUNTS = {"0/b": 2, "0/a": 3, "1/a": 0, "0/é": 1, "1/b": 4}


def test_places_are_distinct_and_do_not_depend_on_order():
    one, other = Labelling(COUNTS), Labelling(dict(reversed(COUNTS.items())))
    assert one.num_boxes == 10 and one.chosen.numpy().tolist() == [RECTANGLE] * 10
    places = []
    for name, count in COUNTS.items():
        slots = one.slots(tf.constant(name), tf.constant(count)).numpy()
        assert slots.tolist() == other.slots(tf.constant(name), tf.constant(count)).numpy().tolist()
        places += slots.tolist()
    assert sorted(places) == list(range(10))


def test_of_reads_what_was_written_there():
    labelling = Labelling(COUNTS)
    slots = labelling.slots(tf.constant("1/b"), tf.constant(4))
    labelling.chosen.scatter_nd_update(slots[:, None], [7, 8, 9, 10])
    assert labelling.of(tf.constant("1/b"), tf.constant(4)).numpy().tolist() == [7, 8, 9, 10]
    assert labelling.of(tf.constant("0/a"), tf.constant(3)).numpy().tolist() == [RECTANGLE] * 3
    assert labelling.of(tf.constant("1/a"), tf.constant(0)).shape == (0,)


@pytest.mark.parametrize("name", ["2/a", "", "a"])
def test_an_unknown_example_is_refused(name):
    labelling = Labelling(COUNTS)
    with pytest.raises(tf.errors.InvalidArgumentError):
        labelling.slots(tf.constant(name), tf.constant(1))


def test_an_unknown_example_is_refused_inside_a_graph():
    labelling = Labelling(COUNTS)
    dataset = tf.data.Dataset.from_tensors("2/a").map(lambda i: labelling.of(i, 1))
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(dataset)


def test_a_map_sees_the_present_labelling_in_every_epoch():
    labelling = Labelling(COUNTS)
    dataset = tf.data.Dataset.from_tensors(("0/a", 3)).map(lambda i, n: labelling.of(i, n))
    for value in (4, 5):
        labelling.chosen.assign(np.full(10, value, np.int32))
        assert next(iter(dataset)).numpy().tolist() == [value] * 3


def test_no_boxes_at_all():
    assert Labelling({"0/a": 0}).of(tf.constant("0/a"), tf.constant(0)).shape == (0,)
    assert Labelling({}).num_boxes == 0


def test_box_ids_name_the_example_and_the_box():
    assert box_ids(tf.constant("0/a"), tf.constant(3)).numpy().tolist() == [
        b"0/a#0",
        b"0/a#1",
        b"0/a#2",
    ]
    assert box_ids(tf.constant("0/a"), tf.constant(0)).shape == (0,)
