"""A file system in memory that is soon full, for programs of tests.

    python -m tests.small_tmpfs DISK MEGABYTES MODULE [ARGUMENTS]

Runs a module of tests with an empty file system mounted, for it alone, on the folder DISK. The
module is given the arguments, then DISK.
"""

import ctypes
import os
import pathlib
import runpy
import subprocess
import sys

import pytest

from tests.forked import Forked

_NAMESPACES = 0x10000000 | 0x00020000  # CLONE_NEWUSER, CLONE_NEWNS
_NOT_ALLOWED = 77


def run_on_small_disk(
    disk: os.PathLike, megabytes: int, module: str, *arguments: os.PathLike | str
) -> None:
    """Runs this program; skips where this user cannot mount a file system.

    Raises:
        AssertionError: the module did not end well.
    """
    words = ("tests.small_tmpfs", disk, megabytes, module, *arguments)
    process = Forked(["-m", *map(str, words)])
    said = process.communicate(timeout=600)
    if process.returncode == _NOT_ALLOWED:
        pytest.skip(f"this user cannot mount a file system: {said}")
    assert process.returncode == 0, said


def _mount(disk: str, megabytes: str) -> None:
    """As root of a namespace of its own, as `unshare --user --map-root-user --mount` does it."""
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(_NAMESPACES):
        raise OSError(ctypes.get_errno(), "unshare")
    pathlib.Path("/proc/self/setgroups").write_text("deny")
    pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", disk], check=True)


def main(disk: str, megabytes: str, module: str, *arguments: str) -> None:
    try:
        _mount(disk, megabytes)
    except (OSError, subprocess.CalledProcessError) as error:
        print(error)
        sys.exit(_NOT_ALLOWED)
    sys.argv = [module, *arguments, disk]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
