"""Kills programs in the midst of their work, gives the same command again, compares the end.

    nice python benchmarks/kill.py --json=kill.json --kills=50
    python benchmarks/kill.py --json=kill.json --programs=prepare,train --kills=6 --interrupts=2

The moment of a kill is drawn (--seed) among the changes of the files in the output folder that an
undisturbed run makes; for SIGKILL the start is one, too. `kills` are SIGKILLs of one process,
`equal` those after which the same command ended well and left what the undisturbed run left: the
same bytes, in JSON the same values but for times (numbers to 1e-4), in checkpoints the same
variables. `interrupts` are SIGTERM, and SIGINT of the process and its workers, as a terminal
sends it; of these `one_line` ended with the line that says so and no traceback; `slowest_s` is the
longest that any took to end. `left` counts processes that are still there 10 s after either.
`missed` trials were faster.
"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import program
from absl import flags
from kill_programs import PROGRAMS, available, commands, contents, differences, state

from boxsup_tf.errors import INTERRUPTED, InputError
from boxsup_tf.io.json_file import write_json

_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.", required=True)
_KILLS = flags.DEFINE_integer("kills", 50, "SIGKILLs.", lower_bound=0)
_INTERRUPTS = flags.DEFINE_integer("interrupts", 0, "SIGTERM and SIGINT, in turn.", lower_bound=0)
_PROGRAMS = flags.DEFINE_list("programs", None, f"Of {', '.join(PROGRAMS)}; none: all there are.")
_SEED = flags.DEFINE_integer("seed", 0, "Of the moments.")
_ROOT = flags.DEFINE_string("root", None, "Folder for all that is made; none: one that goes.")

_BOXSUP = "from boxsup_tf.commands.cli import main; main()"
_PATIENCE = 10.0  # seconds, for what is left of a process
_REPOSITORY = pathlib.Path(__file__).parents[1]


def main(_: object) -> None:
    names = _PROGRAMS.value or available()
    if unknown := set(names) - set(available()):
        raise InputError(f"--programs={sorted(unknown)[0]}: expected of {', '.join(available())}")
    with tempfile.TemporaryDirectory() as scratch:
        root = _ROOT.value or scratch
        changes = _undisturbed(root, names)
        draw, begin = random.Random(_SEED.value), time.perf_counter()
        numbers = [signal.SIGKILL] * _KILLS.value
        numbers += ([signal.SIGTERM, signal.SIGINT] * _INTERRUPTS.value)[: _INTERRUPTS.value]
        draw.shuffle(numbers)
        trials: list[dict[str, Any]] = []
        for i, number in enumerate(numbers):
            name = names[i % len(names)]
            out = os.path.join(root, "killed", f"{name}{i}")
            # Before the first change Python itself may not have started, which signals end at once.
            moment = draw.randrange(number != signal.SIGKILL, changes[name])
            trial = {"program": name, "moment": moment, "of": changes[name]}
            trials.append(trial | _trial(name, root, out, number, moment, draw))
            print(f"{i + 1}/{len(numbers)} {trials[-1]}", flush=True)
            write_json(_JSON.value, _figures(trials, time.perf_counter() - begin))


def _figures(trials: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    hit = [trial for trial in trials if not trial["missed"]]
    kills = [trial for trial in hit if trial["signal"] == "SIGKILL"]
    others = [trial for trial in hit if trial["signal"] != "SIGKILL"]
    return {
        "kills": len(kills),
        "equal": sum(trial["equal"] for trial in kills),
        "seconds": round(seconds, 1),
        "interrupts": len(others),
        "interrupts_equal": sum(trial["equal"] for trial in others),
        "one_line": sum(trial["one_line"] for trial in others),
        "slowest_s": max((trial["ended_s"] for trial in others), default=0.0),
        "left": sum(trial["left"] for trial in hit),
        "missed": len(trials) - len(hit),
        "trials": trials,
    }


def _undisturbed(root: str, names: list[str]) -> dict[str, int]:
    """Runs what is needed once; the number of changes that each program makes."""
    order = [name for name in available() if name in names or name not in _LAST]
    changes = {}
    for name in order[: max(map(order.index, names)) + 1]:
        out = os.path.join(root, name)
        if os.path.exists(out):
            raise InputError(f"{out}: is there already: expected a --root without it")
        run = _Run(name, root, out)
        changes[name] = run.wait(None)
        if run.status():
            raise InputError(f"{name}: exit status {run.status()}: {run.errors()[-500:]}")
    return changes


_LAST = {"evaluate", "tune_crf", "workers", "beam", "reproduce"}  # which no other one needs


class _Run:
    """A run of a program, of one process or several."""

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

    def wait(self, moment: int | None) -> int:
        """Until so many changes of the folder, or the end; the number of changes."""
        count, before = 0, state(self._out)
        while any(process.poll() is None for process in self.processes):
            if moment is not None and count >= moment:
                break
            if (now := state(self._out)) != before:
                count, before = count + 1, now
            time.sleep(0.002)
        return count

    def status(self) -> int:
        """Waits for all of its processes; 0 where each ended well."""
        return max((abs(process.wait()) for process in self.processes), default=0)

    def errors(self, index: int = 0) -> str:
        self._files[index].seek(0)
        return self._files[index].read()

    def left(self) -> int:
        """Processes of the session of any of them that are still there after a while."""
        end = time.monotonic() + _PATIENCE
        while (count := sum(map(_of_session, self.processes))) and time.monotonic() < end:
            time.sleep(0.1)
        return count


def _of_session(leader: subprocess.Popen) -> int:
    count = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        count += int(fields[3]) == leader.pid and fields[0] != "Z"
    return count


def _trial(
    name: str, root: str, out: str, number: signal.Signals, moment: int, draw: random.Random
) -> dict[str, Any]:
    run = _Run(name, root, out)
    run.wait(moment)
    index = draw.randrange(len(run.processes))
    victim, begin = run.processes[index], time.monotonic()
    missed = victim.poll() is not None
    if number == signal.SIGINT:
        os.killpg(victim.pid, number) if not missed else None
    else:
        victim.send_signal(number)
    victim.wait()
    ended = time.monotonic() - begin
    run.status()  # the other workers end by themselves
    left, errors = run.left(), run.errors(index)
    again = _Run(name, root, out)
    again.wait(None)
    if again.status():
        different = [again.errors()[-500:]]
    else:
        different = differences(contents(os.path.join(root, name)), contents(out))
    return {
        "signal": number.name,
        "missed": missed,
        "ended_s": round(ended, 2),
        "one_line": errors.rstrip().endswith(INTERRUPTED) and "Traceback" not in errors,
        "left": left,
        "equal": not different,
        "different": different,
    }


if __name__ == "__main__":
    program.run(main)
