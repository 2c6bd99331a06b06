"""boxsup extract_images: every image by its id, and no file is lost."""

import dataclasses
import pathlib

import pytest

from boxsup_tf.commands.extract_images import Options, run
from boxsup_tf.errors import InputError
from boxsup_tf.records.example import Example
from boxsup_tf.records.records import encode_example
from tests.data.tiny import HEIGHT, WIDTH, jpeg
from tests.records.numbered import write_records


def _write(folder: pathlib.Path, *ids: str) -> dict[str, bytes]:
    examples = [
        Example(name, f"{name.split('/')[-1]}.jpg", jpeg(seed), HEIGHT, WIDTH)
        for seed, name in enumerate(ids)
    ]
    write_records(folder, [encode_example(each, ("background", "cat")) for each in examples], 1)
    return {f"{example.source_id}.jpg": example.encoded for example in examples}


def test_equal_names_in_two_folders(tmp_path, capsys):
    written = _write(tmp_path / "records", "a/x", "b/x", "y")
    options = Options(str(tmp_path / "records"), str(tmp_path / "images"))
    for _ in range(2):
        run(options)
        found = (path for path in (tmp_path / "images").rglob("*") if path.is_file())
        assert {
            path.relative_to(tmp_path / "images").as_posix(): path.read_bytes() for path in found
        } == written
    assert (
        f"next: boxsup predict --saved_model=EXPORT --images={tmp_path}/images "
        f"--output_dir={tmp_path}/images_predicted\n"
    ) in capsys.readouterr().out


def test_foreign_files_stay(tmp_path):
    _write(tmp_path / "records", "x")
    (tmp_path / "x.jpg").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"x\.jpg: there already, another file"):
        run(Options(str(tmp_path / "records"), str(tmp_path)))
    assert (tmp_path / "x.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["../x", "/x"])
def test_an_id_that_leads_out(tmp_path, name):
    _write(tmp_path / "records", "ok")
    _write(tmp_path / "evil", name)
    options = Options(str(tmp_path / "evil"), str(tmp_path / "images"))
    with pytest.raises(InputError, match="leads out of the folder"):
        run(options)
    run(dataclasses.replace(options, input_dir=str(tmp_path / "records")))
    assert not (tmp_path / "x.jpg").exists()
