"""io.folder_lock: one process at a time, and none after it has ended."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.io.folder_lock import LOCK_FILE, folder_lock
from tests.conftest import REPOSITORY

_HOLD = """
import sys
from boxsup_tf.io.folder_lock import folder_lock
with folder_lock(sys.argv[1], "--output_root"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_it_and_a_killed_one_holds_nothing(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    holder = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        for _ in range(2):  # asking changes nothing
            with pytest.raises(InputError) as error, folder_lock(str(tmp_path), "--output_root"):
                pass
            expected = f"--output_root={tmp_path}: in use by process {holder.pid} on "
            assert str(error.value).startswith(expected) and " since 20" in str(error.value)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    (tmp_path / "masks").mkdir()
    halves = [tmp_path / "metrics.json.123.tmp", tmp_path / "masks" / "a.png.4194304.tmp"]
    others = [tmp_path / "masks" / "a.1.tmp.png", tmp_path / "x.0123456789abcdef.tmp"]
    for file in (*halves, *others):
        file.write_text("content")
    folders = [tmp_path / "export.77.tmp", tmp_path / "best" / "ckpt-3_temp"]
    for folder in folders:
        (folder / "assets").mkdir(parents=True)
    with folder_lock(str(tmp_path), "--output_root"):
        assert f"process {os.getpid()} " in (tmp_path / LOCK_FILE).read_text()
        assert not any(folder.exists() for folder in folders) and (tmp_path / "best").exists()
        assert not any(file.exists() for file in halves) and all(file.exists() for file in others)
        halves[0].write_text("content")
    with folder_lock(str(tmp_path), "--output_root"):  # as after a block that ended
        assert halves[0].exists()  # nobody was killed: whose it is, nobody knows
    assert not (tmp_path / LOCK_FILE).exists()


def test_a_folder_that_stays_empty_goes_and_one_that_is_removed_is_named(tmp_path):
    new = tmp_path / "new"
    with folder_lock(str(new), "--output_dir"):
        assert (new / LOCK_FILE).exists()
    assert not new.exists()
    with (
        pytest.raises(InputError, match=f"--output_dir={new}: was removed while this command"),
        folder_lock(str(new), "--output_dir"),
    ):
        (new / LOCK_FILE).unlink()
        new.rmdir()
        new.mkdir()
        (new / "late").touch()
    assert (new / "late").exists()
    shutil.rmtree(new)
    with (
        pytest.raises(InputError, match="was removed while this command") as error,
        folder_lock(str(new), "--output_dir"),
    ):
        shutil.rmtree(new)
        (new / "late").touch()
    assert isinstance(error.value.__cause__, FileNotFoundError) and not new.exists()


def test_what_cannot_be_locked_is_left_to_the_block(tmp_path):
    file = tmp_path / "file"
    file.write_text("content")
    for path in (file, file / "below"):
        with folder_lock(str(path), "--output_dir"):
            pass
    assert file.read_text() == "content"


def test_on_file_systems_of_tensorflow_a_second_one_is_warned(capsys):
    with folder_lock("ram://locked", "--output_dir"):
        assert not capsys.readouterr().err
        with folder_lock("ram://locked", "--output_dir"):
            warning = capsys.readouterr().err
            expected = f"warning: --output_dir=ram://locked: in use by process {os.getpid()} on "
            assert warning.startswith(expected)
    with folder_lock("ram://locked", "--output_dir"):
        assert not capsys.readouterr().err
