"""io.names: names from data lead nowhere else."""

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.io.names import check_image_name, check_text, path_below

_ATTACKS = [
    *("../x", "a/../../x", "..", "a/..", "/etc/passwd", "//host/x", "..\\x", "C:\\x", "C:/x"),
    *("ram://x", "gs://bucket/x", "\\\\host\\x"),
]
_NO_TEXT = [
    "",
    " ",
    "a\tb",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\x1bb",
    "a\u2028b",
    "a\u2029b",
    "a\x85b",
    "\ud800",
]


@pytest.mark.parametrize("name", [*_ATTACKS, "", "a\0b"])
def test_a_path_stays_below_its_folder(name):
    with pytest.raises(InputError, match="^out: the name .*: expected a relative path without"):
        path_below("out", name)


@pytest.mark.parametrize("name", ["a", "a/b.png", "a..b", "...", "é $x$ <b>", "-rf", "~", "a:b"])
def test_other_names_are_as_they_are(name):
    assert path_below("out", name) == f"out/{name}"
    assert check_image_name(name, "list.txt") == check_text(name, "list.txt") == name


@pytest.mark.parametrize("name", [*_ATTACKS, *_NO_TEXT])
def test_names_of_images(name):
    with pytest.raises(InputError, match="^list.txt: "):
        check_image_name(name, "list.txt")


@pytest.mark.parametrize("name", _NO_TEXT)
def test_names_of_classes(name):
    with pytest.raises(InputError, match="^list.txt: name .*: expected a line of text"):
        check_text(name, "list.txt")
