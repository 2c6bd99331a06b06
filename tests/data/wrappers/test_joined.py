"""data.wrappers.joined: several folders as one data set."""

import shutil

import pytest

from boxsup_tf.data import prepare
from boxsup_tf.errors import InputError
from boxsup_tf.records.records import decode_example
from boxsup_tf.records.shards import read_records
from tests.data.tiny import assert_equal, voc_object, voc_xml
from tests.in_process import run_script


def _two_folders(voc, tmp_path) -> list[str]:
    """Folders with the images a0, a1, a2 and b0, b1."""
    for name in ("b0", "b1"):
        voc.add(name, voc_xml(voc_object()))
    second = str(tmp_path / "second")
    shutil.copytree(voc.data_dir, second)
    for path in (voc.root / "ImageSets").rglob("*.txt"):
        path.unlink()
    for name in ("a0", "a1", "a2"):
        voc.add(name, voc_xml(voc_object() * 2))
    for path in (voc.root / "ImageSets").rglob("*.txt"):
        path.write_text("a0\na1\na2\n")
    return [voc.data_dir, second]


def test_the_examples_of_one_folder_follow_those_of_the_other(voc, tmp_path):
    folders = _two_folders(voc, tmp_path)
    parts = [prepare.make_reader("voc", folder, "train") for folder in folders]
    joined = prepare.make_reader("voc", folders, "train", max_side=8, classes=["cat"])
    alone = prepare.make_reader("voc", folders[0], "train", max_side=8, classes=["cat"])
    assert [example.source_id for example in joined] == ["a0", "a1", "a2", "b0", "b1"]
    for ours, theirs in zip(joined, alone, strict=False):
        assert_equal(ours, theirs)
    whole = prepare.make_reader("voc", folders, "train")
    for index, example in enumerate([*parts[0], *parts[1]]):
        assert_equal(whole[index], example)
        assert list(whole.labels_in(index)) == example.labels.tolist()


def test_the_command_takes_a_list_and_resumes_no_other_one(voc, tmp_path):
    folders = _two_folders(voc, tmp_path)

    def run(*listed: str):
        return run_script(
            "prepare_data.py",
            "--dataset=voc",
            f"--data_dir={','.join(listed)}",
            f"--output_dir={tmp_path / 'out'}",
            "--num_shards=2",
        )

    result = run(*folders)
    assert result.returncode == 0 and "5 images, 8 boxes" in result.stdout, result.stderr
    records = read_records(str(tmp_path / "out"))
    assert [decode_example(one).source_id for one in records] == ["a0", "a1", "a2", "b0", "b1"]
    result = run(*reversed(folders))
    assert result.returncode and "holds a dataset with parts" in result.stderr


def test_several_parts_are_one_data_set(voc, tmp_path):
    for name in ("a", "b"):
        voc.add(name, voc_xml(voc_object()))
    lists = voc.root / "ImageSets" / "Segmentation"
    (lists / "val.txt").write_text("c\n")
    voc.add("c", voc_xml(voc_object() * 2))
    (lists / "train.txt").write_text("a\nb\n")
    joined = prepare.make_reader("voc", voc.data_dir, ["val", "train"])
    assert [example.source_id for example in joined] == ["c", "a", "b"]
    assert joined.settings != prepare.make_reader("voc", voc.data_dir, ["train", "val"]).settings
    # A data set of one part is what it was before there could be several.
    alone = prepare.make_reader("voc", voc.data_dir, ["val"])
    assert alone.settings == prepare.make_reader("voc", voc.data_dir, "val").settings
    flags = ["--dataset=voc", f"--data_dir={voc.data_dir}", f"--output_dir={tmp_path / 'out'}"]
    result = run_script("prepare_data.py", *flags, "--split=val,train")
    assert result.returncode == 0 and ": 3 images, 4 boxes" in result.stdout, result.stderr
    (lists / "val.txt").write_text("c\na\n")
    with pytest.raises(InputError, match=r"'a' is in .*\(val\) and in .*\(train\): expected each"):
        prepare.make_reader("voc", voc.data_dir, ["val", "train"])
    result = run_script("prepare_data.py", *flags, "--split=")
    assert result.returncode == 1 and "--split is empty: expected" in result.stderr


def test_an_image_in_both_folders_is_refused(voc, tmp_path):
    folders = _two_folders(voc, tmp_path)
    with pytest.raises(
        InputError, match=r"image 'a0' is in .* and in .*: expected each image once"
    ):
        prepare.make_reader("voc", [folders[0], folders[0]], "train")
    with pytest.raises(InputError, match="no data in VOC's layout"):
        prepare.make_reader("voc", [folders[0], str(tmp_path)], "train")
