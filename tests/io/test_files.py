"""files and local_disk: the same answers and errors on the local disk and on TensorFlow's."""

import os
import subprocess
import sys
import uuid

import h5py
import numpy as np
import pytest
from PIL import Image

from boxsup_tf.io import files
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.local_disk import local_copy, move_folder, on_local_disk, readable


@pytest.fixture(params=["disk", "ram", "file"])
def root(request, tmp_path):
    """An empty folder; file:// is the local disk by way of TensorFlow."""
    if request.param == "ram":
        folder = f"ram://{uuid.uuid4().hex}/root"  # all tests of a process share ram://
        files.make_folders(folder)
        return folder
    return str(tmp_path) if request.param == "disk" else f"file://{tmp_path}"


def _write(path, content):
    with files.create(path, "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)


def _read_copy(path):
    with local_copy(path) as copy:
        files.read(copy)


def test_files_and_folders(root):
    folder, path = f"{root}/a/b", f"{root}/a/b/[file].txt"
    assert not files.exists(folder) and not files.is_folder(folder) and not files.is_file(path)
    files.make_folders(folder)
    files.make_folders(folder)
    assert files.exists(folder) and files.is_folder(folder) and not files.is_file(folder)
    _write(path, "älter\n")
    assert files.exists(path) and files.is_file(path) and not files.is_folder(path)
    assert files.read(path) == "älter\n".encode() and files.read_text(path) == "älter\n"
    assert files.size(path) == 7 and files.modified_ns(path) >= 0
    files.copy(path, f"{root}/a/copy.txt")
    _write(f"{folder}/other", b"\0" * 100)
    files.replace(f"{folder}/other", path)
    assert files.read(path) == b"\0" * 100
    assert files.names_in(folder) == ["[file].txt"]
    assert sorted(files.names_in(f"{root}/a")) == ["b", "copy.txt"]
    files.remove(path)
    assert files.names_in(folder) == []
    files.remove_folder(f"{root}/a")
    assert not files.exists(f"{root}/a")


def test_files_by_pattern(root):
    files.make_folders(f"{root}/x[1]/y")
    files.make_folders(f"{root}/x[1]/.hidden")
    for name in ("a.png", "b.png", ".c.png", "d.jpg", "y/a.png", ".hidden/e.png"):
        _write(f"{root}/x[1]/{name}", b"")
    found = [f"{root}/x[1]/{name}" for name in ("a.png", "b.png", "d.jpg", "y/a.png")]
    assert sorted(files.matching(f"{root}/x[1]", "*.png")) == found[:2]
    assert files.matching(f"{root}/nothing", "*") == []
    assert sorted(files.below(f"{root}/x[1]")) == found
    assert files.expand(f"{root}/*/[ad].png") == [found[0]]


def test_a_pattern_takes_endings_in_capitals_and_no_other_capitals(root):
    folder = f"{root}/capitals"
    files.make_folders(folder)
    for name in ("a.JPG", "b.jpg", "d.Jpg", "c.png", "jpg", "VOC2012", "voc2007"):
        _write(f"{folder}/{name}", b"")

    def names(pattern):
        return sorted(path.rpartition("/")[2] for path in files.matching(folder, pattern))

    assert names("*.jpg") == names("*.JPG") == ["a.JPG", "b.jpg", "d.Jpg"]
    assert names("b.*") == ["b.jpg"] and names("VOC*") == ["VOC2012"]


def test_what_is_not_there(root):
    path = f"{root}/none"
    for function in (
        files.read,
        files.size,
        files.modified_ns,
        files.remove,
        files.remove_folder,
        files.names_in,
        lambda path: files.replace(path, f"{root}/new"),
        lambda path: files.copy(path, f"{root}/new"),
        _read_copy,
    ):
        with pytest.raises(FileNotFoundError) as raised:
            function(path)
        assert raised.value.filename == path, function
        assert raised.value.strerror


def test_paths():
    assert files.absolute("gs://bucket/a") == "gs://bucket/a"
    assert files.resolved("gs://bucket/a/") == files.resolved("gs://bucket/a")
    assert files.absolute("a") == os.path.abspath("a")


def test_a_file_system_that_tensorflow_does_not_know():
    with pytest.raises(OSError, match="scheme 'nosuch' not implemented") as raised:
        files.exists("nosuch://bucket/a")
    assert raised.value.filename == "nosuch://bucket/a"


def test_atomic_write(root):
    path = f"{root}/file"
    with atomic_write(path) as file:
        file.write("a long text\n")
        assert not files.exists(path)
    with pytest.raises(ZeroDivisionError), atomic_write(path, "wb") as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert files.read_text(path) == "a long text\n"
    with atomic_write(path, "wb") as file:
        np.savez(file, numbers=np.arange(3))
    with np.load(readable(path)) as arrays:
        np.testing.assert_array_equal(arrays["numbers"], np.arange(3))
    assert files.names_in(root) == ["file"]


def test_what_libraries_read(root, tmp_path):
    with atomic_write(f"{root}/a.png", "wb") as file:
        Image.new("L", (3, 2)).save(file, "PNG")
    with Image.open(readable(f"{root}/a.png")) as image:
        assert image.size == (3, 2)
    with h5py.File(tmp_path / "local.h5", "w") as weights:
        weights["a"] = [1, 2]
    files.copy(str(tmp_path / "local.h5"), f"{root}/b.h5")
    with local_copy(f"{root}/b.h5") as path, h5py.File(path) as weights:
        assert path.endswith("b.h5") and weights["a"][()].tolist() == [1, 2]
    assert os.path.exists(path) == (not files.is_remote(root))


def test_a_folder_that_is_moved(root):
    files.make_folders(f"{root}/exports")
    with on_local_disk(f"{root}/exports") as disk:
        made = os.path.join(disk, "made.tmp")
        for name in ("b.txt", "sub/a.txt", "sub/deep/c.txt"):
            os.makedirs(os.path.dirname(os.path.join(made, name)), exist_ok=True)
            _write(os.path.join(made, name), name)
        move_folder(made, f"{root}/exports/1")
        with pytest.raises(OSError) as raised:
            files.make_folders(made)
            move_folder(made, f"{root}/exports/1")
        assert f"{root}/exports/1" in (raised.value.filename, raised.value.filename2)
    for name in ("b.txt", "sub/a.txt", "sub/deep/c.txt"):
        assert files.read_text(f"{root}/exports/1/{name}") == name


def test_local_files_take_no_tensorflow():
    script = (
        "import sys, tempfile\n"
        "from boxsup_tf.io import json_file, files, local_disk\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    json_file.write_json(folder + '/a', {})\n"
        "    assert json_file.read_json(folder + '/a', '') == {}\n"
        "    files.copy(folder + '/a', folder + '/b')\n"
        "    assert len(files.matching(folder, '*')) == 2\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
