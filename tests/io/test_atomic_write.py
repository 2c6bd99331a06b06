"""atomic_write: a reader sees the old file or the new one."""

import os

import pytest

from boxsup_tf.io.atomic_write import atomic_write


@pytest.mark.parametrize(("mode", "old", "new"), [("w", "älter", "neu\n"), ("wb", b"\0", b"\1\2")])
def test_takes_its_name_at_the_end(tmp_path, mode, old, new):
    path = tmp_path / "file"

    def content():
        return path.read_bytes() if "b" in mode else path.read_text(encoding="utf-8")

    with atomic_write(str(path), mode) as file:
        file.write(old)
        assert not path.exists()
    assert content() == old
    with pytest.raises(ZeroDivisionError), atomic_write(str(path), mode) as file:
        file.write(new)
        raise ZeroDivisionError
    assert content() == old
    with atomic_write(str(path), mode) as file:
        file.write(new)
        assert content() == old
    assert content() == new
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_not_there(tmp_path):
    path = str(tmp_path / "no" / "file")
    with pytest.raises(FileNotFoundError) as raised, atomic_write(path):
        pass
    assert raised.value.filename == path


def test_a_full_disk_names_the_file(tmp_path):
    path = str(tmp_path / "file")
    with pytest.raises(OSError, match="No space left") as raised, atomic_write(path) as file:
        with open("/dev/full", "wb", buffering=0) as full:
            os.dup2(full.fileno(), file.fileno())
        file.write("x")
        file.flush()
    assert raised.value.filename == path
    assert not list(tmp_path.iterdir())


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, atomic_write(str(tmp_path / "file")):
        (tmp_path / "other").read_bytes()
    assert raised.value.filename == str(tmp_path / "other")
