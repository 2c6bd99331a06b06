"""Programs whose output folder is read-only, or on a full disk."""

import shutil
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY


def test_every_program_says_that_the_disk_is_full_or_read_only_and_goes_on(tmp_path):
    """On a real one, of 16 megabytes in memory."""
    folder, disk = tmp_path / "folder", tmp_path / "disk"
    folder.mkdir()
    disk.mkdir()
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = 'mount -t tmpfs -o size=16m tmpfs "$0"'
    if (
        not shutil.which("unshare")
        or subprocess.run([*namespace, mount, str(disk)], capture_output=True).returncode
    ):
        pytest.skip("this user cannot mount a file system: unshare --user --mount fails")
    program = 'exec "$1" -m tests.commands.small_disk "$2" "$0"'
    result = subprocess.run(
        [*namespace, f"{mount} && {program}", str(disk), sys.executable, str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
