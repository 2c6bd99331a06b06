"""data.id_list: what is a list of images."""

import pytest

from boxsup_tf.data.id_list import read_ids
from boxsup_tf.errors import InputError


def test_the_first_column_counts(tmp_path):
    (tmp_path / "a.txt").write_text("b -1\n\n  a  1\né\n", encoding="utf-8")
    assert read_ids(str(tmp_path / "a.txt")) == ["b", "a", "é"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n \n", "empty list: expected image ids, one per line"),
        (b"a\nb\na\n", "image 'a' is listed twice: expected once"),
        (b"a\n\xff\xfe\n", "not a list of image ids"),
        (None, "cannot read a list of images"),
    ],
)
def test_a_bad_list_is_named(tmp_path, content, message):
    if content is not None:
        (tmp_path / "bad.txt").write_bytes(content)
    with pytest.raises(InputError, match=f"bad.txt: {message}"):
        read_ids(str(tmp_path / "bad.txt"))
