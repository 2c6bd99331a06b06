"""data.wrappers.class_choice: classes that stand in a file."""

import pytest

from boxsup_tf.data import prepare
from boxsup_tf.data.wrappers.class_choice import read_choice
from boxsup_tf.errors import InputError
from tests.data.tiny import voc_object, voc_xml


def test_a_file_stands_in_its_place(tmp_path):
    path = tmp_path / "ours.txt"
    path.write_text("# a detector's names\ncouch = sofa\n\n  tv=tvmonitor  # flat\ncat\n")
    assert read_choice(["dog", f"@{path}", "bus=car"]) == [
        *("dog", "couch = sofa", "tv=tvmonitor", "cat", "bus=car")
    ]
    assert read_choice(["a=b", "c"]) == ["a=b", "c"]


def test_a_file_with_a_byte_order_mark(tmp_path):
    (tmp_path / "ours.txt").write_text("cat\ndog\n", encoding="utf-8-sig")
    assert read_choice([f"@{tmp_path}/ours.txt"]) == ["cat", "dog"]


def test_a_file_chooses_what_the_flag_chooses(voc, tmp_path):
    voc.add("one", voc_xml(voc_object("cat") + voc_object("sofa")))
    voc.add("two", voc_xml(voc_object("bus")))
    path = tmp_path / "ours.csv"
    path.write_text("sofa=seat\ncat\n")
    by_file, by_flag = (
        prepare.make_reader("voc", voc.data_dir, "train", classes=choice)
        for choice in ([f"@{path}"], ["sofa=seat", "cat"])
    )
    assert by_file.class_names == ("background", "seat", "cat")
    assert by_file.settings == by_flag.settings  # the file's place does not matter
    assert [example.labels.tolist() for example in by_file] == [[2, 1]]
    path.write_text("couch=sofa\n")
    with pytest.raises(InputError, match=r"--classes=@.*ours.csv: 'couch' is no class of the data"):
        prepare.make_reader("voc", voc.data_dir, "train", classes=[f"@{path}"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# cat\n \n", "no classes: expected lines NAME or THEIRS=OURS"),
        (b"cat\n\xff\xfe\n", "not a text of classes"),
        (None, "cannot read a choice of classes"),
    ],
)
def test_a_bad_file_is_named(tmp_path, content, message):
    if content is not None:
        (tmp_path / "bad.txt").write_bytes(content)
    with pytest.raises(InputError, match=f"^{tmp_path}/bad.txt: {message}"):
        read_choice([f"@{tmp_path}/bad.txt"])
