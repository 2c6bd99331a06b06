"""records.whole_record: what a record says of itself fits together, or is named."""

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.records import keys
from boxsup_tf.records.index import summarize
from boxsup_tf.records.parsing import parse
from boxsup_tf.records.records import decode_example, decode_pool, encode_example
from boxsup_tf.training.damaged_records import damaged_records_explained
from tests.data.tiny import jpeg
from tests.records.three_records import three_records


def _changed(change: Callable) -> bytes:
    record = tf.train.Example.FromString(three_records()[0])
    change(record.features.feature)
    return record.SerializeToString()


def _ints(name: str, *values: int) -> Callable:
    def change(features) -> None:
        features[name].int64_list.value[:] = values

    return change


def _bytes(name: str, value: bytes) -> Callable:
    def change(features) -> None:
        features[name].bytes_list.value[:] = [value]

    return change


def _edges(name: str, *values: float) -> Callable:
    def change(features) -> None:
        features[name].float_list.value[:] = values

    return change


_YMIN, _YMAX = keys.BBOX_EDGES[0], keys.BBOX_EDGES[2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_ints(keys.IMAGE_HEIGHT), "height has 0 values: expected one"),
        (_bytes(keys.IMAGE_WIDTH, b"32"), "width holds a bytes_list: expected int64_list"),
        (_bytes(keys.IMAGE_FILENAME, b"\xff"), "can't decode byte 0xff"),
        (_ints(keys.IMAGE_HEIGHT, 0), "height is 0: expected a number from 1 to 65535"),
        (_ints(keys.CANDIDATES_COUNT, 3, 4), "candidates/count has 2 values: expected one"),
        (
            _ints(keys.CANDIDATES_MEMBERSHIP, 3),
            "membership holds a int64_list: expected bytes_list",
        ),
        (_edges(keys.DIFFICULT, *[0.0] * 4), "difficult holds a float_list: expected int64_list"),
        (_ints(keys.CLASS_LABEL, 1, 2), "class/label: expected a value for each of 4 boxes"),
        (_ints(keys.CLASS_LABEL, 1, 2, 0, 255), "labels 0 .. 255: expected 0 .. 254"),
        (_ints(keys.IS_CROWD, 1), "is_crowd: expected a value for each of 4 boxes"),
        (_edges(_YMIN, 0.1), "same shape"),
        (_edges(_YMIN, *[np.nan] * 4), "a box reaches out of the image, or is none"),
        (_edges(_YMAX, *[3.0] * 4), "a box reaches out of the image"),
        (_edges(_YMAX, *[0.0] * 4), "a box ends before it begins"),
        (_bytes(keys.MASK_ENCODED, b"no PNG at all, or is it?"), "its mask is no PNG of 24 x 32"),
        (
            _bytes(keys.MASK_ENCODED, cv2.imencode(".png", np.zeros((9, 9)))[1].tobytes()),
            "its mask is no PNG of 24 x 32",
        ),
        (_ints(keys.CANDIDATES_COUNT, -1), "candidates/count is -1"),
        (_bytes(keys.CANDIDATES_SUPERPIXELS, b"\xff" * 8), "its pool is of"),
        (_bytes(keys.CANDIDATES_SUPERPIXELS, b"x"), "requires a buffer of at least 8 bytes"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    for read in (decode_example, decode_pool, summarize):
        with pytest.raises(InputError, match=f"^record 'set/é_1': damaged: .*{message}"):
            read(_changed(change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_bytes(keys.IMAGE_ENCODED, b""), "its image: the file is empty"),
        (_bytes(keys.IMAGE_ENCODED, jpeg(0, 9, 9)), r"its image is \(9, 9\) .*: expected \(24, 32"),
    ],
)
def test_a_damaged_image_is_a_matter_of_its_example(change, message):
    with pytest.raises(InputError, match=f"^record 'set/é_1': damaged: .*{message}"):
        decode_example(_changed(change))
    assert summarize(_changed(change)).source_id == "set/é_1"


def test_a_pool_of_another_record_is_refused():
    changed = _changed(_ints(keys.CANDIDATES_CHECKSUM, 5))
    decode_example(changed)
    with pytest.raises(InputError, match="its checksum is .*: expected 5"):
        decode_pool(changed)


def test_pools_without_a_checksum_are_read():
    record = tf.train.Example.FromString(three_records()[0])
    del record.features.feature[keys.CANDIDATES_CHECKSUM]
    assert decode_pool(record.SerializeToString()).num_candidates == 5


def test_what_is_no_record():
    with pytest.raises(InputError, match="record without a name: damaged: "):
        decode_example(b"no message")


def test_a_damaged_image_ends_a_training_with_one_line():
    """Of a record whose checksums are right."""
    damaged = _changed(_bytes(keys.IMAGE_ENCODED, jpeg()[:200]))
    images = tf.data.Dataset.from_tensors(damaged).map(lambda record: parse(record).image())
    with (
        pytest.raises(InputError, match="train:box: a record is damaged or missing: "),
        damaged_records_explained("train:box"),
    ):
        list(images)


def test_an_example_that_could_not_be_read_back_is_not_written():
    example = decode_example(three_records()[0])
    short = dataclasses.replace(example, truncated=example.truncated[:1])
    with pytest.raises(InputError, match="truncated: expected a value for each of 4 boxes"):
        encode_example(short, ("background", "a", "b", "c"))
