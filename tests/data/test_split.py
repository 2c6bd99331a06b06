"""data.split: the parts of data that come without."""

import pytest

from boxsup_tf.data.split import split_ids
from boxsup_tf.errors import InputError


def test_parts_are_disjoint_whole_and_do_not_change():
    ids = [f"image {number}" for number in range(1000)]
    train, val = (split_ids(ids, part, 0.2, "here") for part in ("train", "val"))
    assert sorted(train + val) == split_ids(ids[::-1], "all", 0.2, "here") == sorted(ids)
    assert 160 < len(val) < 240
    more = split_ids([*ids, "new"], "val", 0.2, "here")
    assert set(more) - {"new"} == set(val)
    assert set(val) < set(split_ids(ids, "val", 0.4, "here"))


def test_a_name_that_is_no_text_is_in_a_part_as_any_other():
    names = ["a", "b", "caf\udce9"]  # as Python shows a file name that is not UTF-8
    parts = [split_ids(names, part, 0.5, "here") for part in ("train", "val")]
    assert sorted(parts[0] + parts[1]) == names


def test_nothing_in_a_part():
    with pytest.raises(InputError, match="here: none of 3 images is in --split=val with --val_sh"):
        split_ids("abc", "val", 0.0, "here")
    with pytest.raises(InputError, match="--split=test: expected one of train, val, all"):
        split_ids("abc", "test", 0.2, "here")
