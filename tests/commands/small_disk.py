"""Gives programs an output folder that is read-only, then one on a full disk; run by the tests.

    python -m tests.commands.small_disk FOLDER DISK

DISK is the root of a file system of its own. Ends with an AssertionError where a program does not
say in one line what is wrong, or does not go on when there is room.
"""

import os
import pathlib
import subprocess
import sys

from tests.commands.small_programs import small_programs
from tests.in_process import run_script

_PAGE = 4096


def main(folder: pathlib.Path, disk: pathlib.Path) -> None:
    filler = disk / "filler"
    for name, command in small_programs(folder, disk).items():
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        _fails(command, "Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        for pages in (0, 2):
            filler.write_bytes(bytes(_PAGE * (os.statvfs(disk).f_bfree - pages)))
            _fails(command, "No space left on device")
            filler.unlink()
        done = run_script(*command)
        assert done.returncode == 0, (command, done.stderr)
        left = [path.name for path in (disk / name).rglob("*") if path.suffix in (".tmp", ".lock")]
        assert not left, (name, left)


def _fails(command: tuple[str, ...], reason: str) -> None:
    done = run_script(*command)
    said = [line for line in done.stderr.splitlines() if "error: " in line]
    assert done.returncode == 1 and "Traceback" not in done.stderr, (command, done.stderr)
    assert len(said) == 1 and reason in said[0], (command, done.stderr)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
