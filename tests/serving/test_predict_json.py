"""serving.predict_json: what a body may make of memory is known before it is parsed."""

import tracemalloc

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.serving.predict_json import parse_request


@pytest.mark.parametrize("value", [b"[]", b"{}", b"1.5", b"[[[]]]", b'""'])
def test_bodies_of_millions_of_values_are_not_parsed(value):
    body = b'{"instances":[' + b",".join([value] * 3_000_001) + b"]}"
    tracemalloc.start()
    with pytest.raises(InputError, match="values in JSON: expected at most 3000000"):
        parse_request(body)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_the_largest_image_is_parsed():
    pixels = b"[" + b",".join([b"[255,255,255]"] * 1024) + b"]"
    body = b'{"instances":[[' + b",".join([pixels] * 512) + b"]]}"
    assert len(parse_request(body).values[0]) == 512
