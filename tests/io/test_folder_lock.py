"""io.folder_lock: one process at a time, and none after it has ended."""

import os
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
    with folder_lock(str(tmp_path), "--output_root"):
        assert f"process {os.getpid()} " in (tmp_path / LOCK_FILE).read_text()
    with folder_lock(str(tmp_path), "--output_root"):  # as after a block that ended
        pass
