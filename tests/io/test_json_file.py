"""JSON files: what is read is what was written, and what is damaged is named."""

import math

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.io.json_file import number, parse_json, read_json, write_json


def test_what_was_written_is_read(tmp_path):
    path = str(tmp_path / "x.json")
    write_json(path, {"scores": [0.1, None], "name": "猫"})
    assert read_json(path, "scores") == {"scores": [0.1, None], "name": "猫"}
    assert parse_json(path, "scores", lambda content: content["scores"][0]) == 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "expected scores: .*No such file"),
        ("{", "expected scores: Expecting property name"),
        ("[]", "holds a list: expected an object"),
        ("{}", r"expected scores: damaged \(KeyError: 'iou'\)"),
        ('{"iou": "high"}', r"expected scores: damaged \(TypeError: "),
    ],
)
def test_damaged_files_are_named(tmp_path, text, message):
    path = tmp_path / "x.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=f"x.json: {message}"):
        parse_json(str(path), "scores", lambda content: number(content["iou"]))


def test_what_is_no_number_is_none(tmp_path):
    write_json(str(tmp_path / "x.json"), {"values": [1, 0.5, None, math.nan, -math.inf]})
    values = read_json(str(tmp_path / "x.json"), "values")["values"]
    assert [number(value) for value in values] == [1.0, 0.5, None, None, None]
