"""A run of one of `kill_programs.py` that is watched, and of which no process is left behind."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from kill_programs import commands, state

_BOXSUP = "from boxsup_tf.commands.cli import main; main()"
_REPOSITORY = pathlib.Path(__file__).parents[1]
_PATIENCE = 10.0  # seconds, for what is left of a process
_LONGEST = 60.0  # seconds, for the other processes of a run


class Run:
    """Of one process or several, each the leader of a session. A context manager.

    Args:
        name: of the program.
        root: the folder of what other programs made for it.
        out: its output folder.
    """

    def __init__(self, name: str, root: str, out: str) -> None:
        self._out, self._files, self.processes = out, [], []
        for arguments, environment in commands(name, root, out):
            self._files.append(tempfile.TemporaryFile("w+"))  # noqa: SIM115
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", _BOXSUP, *arguments],
                    stdout=subprocess.DEVNULL,
                    stderr=self._files[-1],
                    env=os.environ | {"PYTHONPATH": str(_REPOSITORY)} | environment,
                    start_new_session=True,
                )
            )

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            _kill(process)

    def wait(self, moment: int | None) -> int:
        """Until so many changes of its files and its stderr, or the end; the number of changes."""
        count, before = 0, self._state()
        while any(process.poll() is None for process in self.processes):
            if moment is not None and count >= moment:
                break
            begin = time.perf_counter()
            if (now := self._state()) != before:
                count, before = count + 1, now
            time.sleep(max(0.002, 3 * (time.perf_counter() - begin)))
        return count

    def _state(self) -> tuple:
        said = [os.fstat(file.fileno()).st_size for file in self._files]
        return (*said, *state(self._out))

    def status(self) -> int:
        """Waits for all of its processes; 0 where each ended well."""
        return max(abs(process.wait()) for process in self.processes)

    def end_others(self) -> int:
        """Waits for those that did not get a signal, but not for ever; how many had to be killed.

        A worker waits for others that have not come yet, also for one that was killed before.
        """
        end, killed = time.monotonic() + _LONGEST, 0
        for process in self.processes:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill(process)
                killed += 1
        return killed

    def errors(self, index: int = 0) -> str:
        """What a process said on stderr."""
        self._files[index].seek(0)
        return self._files[index].read()

    def left(self) -> int:
        """Processes of the session of any of them that are still there after a while."""
        end = time.monotonic() + _PATIENCE
        while (count := sum(map(_of_session, self.processes))) and time.monotonic() < end:
            time.sleep(0.1)
        return count


def _kill(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _of_session(leader: subprocess.Popen) -> int:
    count = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        count += int(fields[3]) == leader.pid and fields[0] != "Z"
    return count
