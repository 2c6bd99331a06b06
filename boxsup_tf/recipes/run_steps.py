"""Runs steps one after the other, each as a process of the program, and none twice.

What is done is in `OUTPUT_ROOT/steps/NAME.json`: a digest of the step's flags and of the steps
whose results it reads, and the seconds it took. A step that was interrupted runs again and its
command goes on by itself; its seconds are then those of the call that ended it.
"""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.digest import digest_of
from boxsup_tf.io.json_file import read_json, write_json
from boxsup_tf.recipes.step import SUFFIX, Step, is_within

STEPS = "steps"
# A step ends with this program, however that ends, so that the next one finds the folder alone.
_PROGRAM = """
import ctypes, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
from boxsup_tf.commands.cli import main
main()
"""


@dataclasses.dataclass
class Steps:
    """The steps of an output root.

    Attributes:
        root: the output root, an absolute path on the local disk.
        done: digest of every step that is known to be done, by name.
        seconds: that it took.
        failed: why, of steps that could not be done in this call.
    """

    root: str
    done: dict[str, str] = dataclasses.field(default_factory=dict)
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    failed: dict[str, str] = dataclasses.field(default_factory=dict)

    def run(self, steps: Iterable[Step]) -> None:
        """Does what is not done.

        Args:
            steps: in their order, with all whose results they read.

        Raises:
            InputError: a step failed, now or earlier in this call.
        """
        made: dict[str, Step] = {}
        for step in steps:
            if step.name in self.failed:
                raise InputError(self.failed[step.name])
            if step.name not in self.done:
                try:
                    self._do(step, self._digest(step, made))
                except InputError as error:
                    self.failed[step.name] = str(error)
                    raise
            made[step.writes] = step

    def seconds_of(self, steps: Iterable[Step]) -> float:
        """Of those that are done."""
        return sum(self.seconds.get(step.name, 0.0) for step in steps)

    def _digest(self, step: Step, made: dict[str, Step]) -> str:
        """Of the flags in any order, and of the steps that make what is read."""
        before = {
            maker.name: self.done[maker.name]
            for folder, maker in made.items()
            if any(is_within(path, folder) for path in step.reads)
        }
        parts = [step.command, sorted(step.flags), sorted(before.items())]
        return digest_of([json.dumps(parts).encode()])

    def _do(self, step: Step, digest: str) -> None:
        record = self._file(step, ".json")
        if files.exists(record):
            found = read_json(record, "a file that reproduce wrote")
            if not files.exists(os.path.join(self.root, step.writes)):
                print(f"{step.name}: {step.writes} is gone: it is made again", flush=True)
            elif found.get("digest") != digest:
                print(f"{step.name}: its flags, or what it reads, changed: it runs again")
            else:
                print(f"{step.name}: done before, {found['seconds']:.0f} s", flush=True)
                self.done[step.name], self.seconds[step.name] = digest, found["seconds"]
                return
        print(f"{step.name}: ", end="", flush=True)
        seconds = self._call(step)
        print(f"{seconds:.0f} s", flush=True)
        files.make_folders(os.path.dirname(record))
        write_json(
            record,
            {
                "command": ["boxsup", step.command, *step.arguments],
                "seconds": round(seconds, 1),
                "digest": digest,
            },
        )
        self.done[step.name], self.seconds[step.name] = digest, seconds

    def _call(self, step: Step) -> float:
        """Runs the command; its output goes to steps/NAME.log, its flags to steps/NAME.flags."""
        flagfile, log = self._file(step, SUFFIX), self._file(step, ".log")
        files.make_folders(os.path.dirname(log))
        with files.create(flagfile) as file:
            file.write("\n".join(step.arguments) + "\n")
        command = [sys.executable, "-c", _PROGRAM, step.command]
        start = time.perf_counter()
        with files.create(log, "wb") as output:
            process = subprocess.run(
                [*command, f"--flagfile={os.path.relpath(flagfile, self.root)}"],
                cwd=self.root,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if process.returncode:
            print("failed", flush=True)
            lines = files.read(log).decode(errors="replace").replace("\r", "\n").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
            raise InputError(f"{step.name}: exit status {process.returncode}: {last} (see {log})")
        return time.perf_counter() - start

    def _file(self, step: Step, suffix: str) -> str:
        return os.path.join(self.root, STEPS, step.name + suffix)


def _environment() -> dict[str, str]:
    """This process's, by which a step finds the package that this one runs, and no other."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    others = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([package, others] if others else [package])
    return os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
