"""inference.class_names_file: label_map.txt there and back."""

from boxsup_tf.inference.class_names_file import format_class_names, read_class_names


def test_names_come_back(tmp_path):
    """Also those of models that were exported before such names were refused."""
    names = ("background", "a b", "é $x$", "a\u2028b", "a\x0cb", "<b>")
    path = tmp_path / "label_map.txt"
    path.write_text(format_class_names(names), encoding="utf-8")
    assert read_class_names(str(path)) == names
