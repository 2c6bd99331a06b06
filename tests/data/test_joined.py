"""data.joined: several folders as one data set."""

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
    records = read_records(str(tmp_path / "out"), 2)
    assert [decode_example(one).source_id for one in records] == ["a0", "a1", "a2", "b0", "b1"]
    result = run(*reversed(folders))
    assert result.returncode and "holds a dataset with parts" in result.stderr


def test_an_image_in_both_folders_is_refused(voc, tmp_path):
    folders = _two_folders(voc, tmp_path)
    with pytest.raises(
        InputError, match=r"image 'a0' is in .* and in .*: expected each image once"
    ):
        prepare.make_reader("voc", [folders[0], folders[0]], "train")
    with pytest.raises(InputError, match="no such list"):
        prepare.make_reader("voc", [folders[0], str(tmp_path)], "train")
