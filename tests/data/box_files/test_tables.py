"""data.box_files.tables: boxes in CSV files, of one's own and of Open Images."""

import pytest

from boxsup_tf.data.box_files.reader import BoxesReader
from boxsup_tf.data.prepare import make_reader, prepare
from boxsup_tf.errors import InputError
from tests.data.box_files.writers import WRITERS
from tests.data.tiny import jpeg


def test_groups_of_open_images_are_crowds_and_a_part_has_its_own_file(root):
    WRITERS["openimages"](root)
    path = root / "x-annotations-bbox.csv"
    path.write_text(path.read_text().replace(",0\n", ",1\n").replace(",0\r\n", ",1\r\n"))
    path.rename(root / "validation-annotations-bbox.csv")
    reader = BoxesReader("openimages", str(root), "validation")
    assert reader[0].is_crowd.all() and len(reader) == 2


@pytest.mark.parametrize(("name", "file"), [("csv", "boxes.csv"), ("openimages", "")])
@pytest.mark.parametrize("line_end", ["\r", "\r\n"])
def test_line_ends_of_other_systems(root, name, file, line_end):
    WRITERS[name](root)
    for path in root.glob(file or "*.csv"):
        path.write_text("\n".join(path.read_text().splitlines()), newline=line_end)
    reader = BoxesReader(name, str(root), "all")
    assert reader.class_names == ("background", "cat", "dog")
    assert reader[0].labels.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("start", "ids"),
    [
        ("{root}/", ["a", "sub/b"]),
        ("/of/another/machine/", ["a", "b"]),
        ("C:\\photos\\", ["a", "b"]),
        ("../elsewhere/", ["a", "b"]),
    ],
)
def test_paths_that_lead_out_of_the_folder(root, tmp_path, start, ids):
    """The images are found below the folder, or by their base names in it."""
    (root / "sub").mkdir()
    (root / ids[1]).with_suffix(".jpg").write_bytes(jpeg())
    start = start.format(root=root)
    rows = [f"{start}{name}.jpg,cat,2,3,20,15" for name in ("a", "sub/b")]
    (root / "boxes.csv").write_text("\n".join(["image,class,xmin,ymin,xmax,ymax", *rows]))
    info = prepare(make_reader("csv", str(root), "all"), str(tmp_path / "records"), 1)
    assert info.num_images == 2 and not info.skipped
    assert make_reader("csv", str(root), "all").source_ids == ids


@pytest.mark.parametrize("ending", ["csv", "CSV"])
def test_a_table_named_after_its_part_is_not_split(root, ending):
    WRITERS["csv"](root)
    (root / "boxes.csv").rename(root / f"val.{ending}")
    assert BoxesReader("csv", str(root), "val").source_ids == ["a", "b c", "d"]


def test_a_table_without_a_column(root):
    (root / "boxes.csv").write_text("image,xmin,ymin,xmax,ymax\n")
    with pytest.raises(InputError, match=r"boxes.csv: no column 'class' .or label, .* among image"):
        BoxesReader("csv", str(root), "all")


def test_descriptions_that_are_no_table_are_named(root):
    WRITERS["openimages"](root)
    (root / "class-descriptions-boxable.csv").write_text(f"/m/01,{10**6 * 'c'}\n")
    with pytest.raises(InputError, match="class-descriptions-boxable.csv: not a table: "):
        BoxesReader("openimages", str(root), "all")
