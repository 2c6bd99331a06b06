"""Programs as processes: a second one in the same folder, and a folder that is removed."""

import os
import pathlib
import shutil
import signal
import time
from collections.abc import Callable

import pytest

from tests.commands.small_programs import small_programs
from tests.conftest import REPOSITORY
from tests.forked import Forked, run

_PROGRAMS = ("prepare_data", "generate_proposals", "train", "evaluate", "predict")


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Callable[[str], tuple[list[str], pathlib.Path]]:
    """The command of a program, and its output folder."""
    folder, out = tmp_path_factory.mktemp("folder"), tmp_path_factory.mktemp("out")
    found = small_programs(folder, out)
    for name in ("extract_images", "export"):
        run(_command(found[name]))
    return lambda name: (_command(found[name]), out / name)


def _command(words: tuple[str, ...]) -> list[str]:
    script, *flags = words
    return [str(REPOSITORY / "scripts" / script), *flags]


def _stopped_in(folder: pathlib.Path, command: list[str]) -> Forked:
    """A program that was stopped, not ended, when it had begun to work in its folder."""
    process, lock, end = Forked(command), folder / ".lock", time.monotonic() + 60
    while not (lock.exists() and lock.stat().st_size) and time.monotonic() < end:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGSTOP)
    assert lock.exists()
    return process


@pytest.mark.parametrize("name", _PROGRAMS)
def test_a_second_one_is_told_who_is_there_and_then_its_folder_goes(name, programs):
    command, folder = programs(name)
    first = _stopped_in(folder, command)
    second = Forked(command)
    said = second.communicate()
    assert second.returncode == 1 and "Traceback" not in said
    assert f"={folder}: in use by process {first.pid} on " in said.splitlines()[-1]
    shutil.rmtree(folder)
    os.kill(first.pid, signal.SIGCONT)
    said = first.communicate()
    assert first.returncode == 1 and "Traceback" not in said, said
    assert f"={folder}: was removed while this command wrote" in said.splitlines()[-1], said
