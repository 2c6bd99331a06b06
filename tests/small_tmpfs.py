"""A file system in memory that is soon full, for programs of tests."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY


def run_on_small_disk(
    disk: os.PathLike, megabytes: int, module: str, *arguments: os.PathLike | str
) -> subprocess.CompletedProcess:
    """Runs a module of tests with an empty file system mounted, for it alone, on a folder.

    The module is given the arguments, then the folder. Skips where this user cannot mount one.
    """
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f'mount -t tmpfs -o size={megabytes}m tmpfs "$0"'
    if (
        not shutil.which("unshare")
        or subprocess.run([*namespace, mount, disk], capture_output=True).returncode
    ):
        pytest.skip("this user cannot mount a file system: unshare --user --mount fails")
    return subprocess.run(
        [*namespace, f'{mount} && exec "$@" "$0"', disk, sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
