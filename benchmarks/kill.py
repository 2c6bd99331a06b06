"""Kills programs in the midst of their work, gives the same command again, compares the end.

    nice python benchmarks/kill.py --json=kill.json --kills=50 --interrupts=22 --early=20
    python benchmarks/kill.py --json=kill.json --programs=prepare,train --kills=6

The programs take turns. The moment of a signal is drawn (--seed) among the changes that an
undisturbed run makes to the files in its output folder and to what it says on stderr; for SIGKILL
the start is one, too. One that comes too late, for the program has ended or has left all that it
leaves, is drawn again among earlier moments: `drawn_again`; `missed` are those for which none was
early enough.

`kills` are SIGKILLs of one process, `equal` those after which the same command ended well and left
what the undisturbed run left: the same bytes, in JSON the same values but for times (numbers to
1e-4), in checkpoints the same variables. `interrupts` are SIGTERM, and SIGINT of the process and
its workers, as a terminal sends it; of these `one_line` ended with the line that says so and no
traceback; `slowest_s` is the longest that any took to end. `left` counts processes that are still
there 10 s after either; `others_waited` are workers that had to be killed, for they waited for one
that was killed before it had joined them. `early` are SIGINTs at a random time of the first 2 s, in
which programs import; of these some said the one line, some nothing (the signal ended them before
Python took care of it), and some showed a traceback. `removals` are output folders that were
removed under way: `removals_one_line` of the programs ended with exit status 1 and the line that
says so; what they left is deleted, as that says, before the same command is given again.

With --root, the same command goes on where it was interrupted, and more trials can be asked for.
"""

import json
import os
import random
import shutil
import signal
import tempfile
import time
from typing import Any

import program
from absl import flags
from kill_programs import PROGRAMS, available, contents, differences
from killed_run import Run

from boxsup_tf.errors import INTERRUPTED, InputError
from boxsup_tf.io.json_file import write_json

_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.", required=True)
_KILLS = flags.DEFINE_integer("kills", 50, "SIGKILLs.", lower_bound=0)
_INTERRUPTS = flags.DEFINE_integer("interrupts", 0, "SIGTERM and SIGINT, in turn.", lower_bound=0)
_EARLY = flags.DEFINE_integer("early", 0, "SIGINTs in the first 2 s.", lower_bound=0)
_REMOVALS = flags.DEFINE_integer("removals", 0, "Of output folders.", lower_bound=0)
_PROGRAMS = flags.DEFINE_list("programs", None, f"Of {', '.join(PROGRAMS)}; none: all there are.")
_SEED = flags.DEFINE_integer("seed", 0, "Of the moments.")
_ROOT = flags.DEFINE_string("root", None, "Folder for all that is made; none: one that goes.")

_KILL, _TERM, _INT, _EARLY_INT = "SIGKILL", "SIGTERM", "SIGINT", "early SIGINT"
_REMOVAL, _REMOVED = "removal", "was removed while this command wrote into it"
_EARLY_SECONDS = 2.0
_LOCK = ".lock"  # which a killed process leaves
_LAST = {"evaluate", "tune_crf", "workers", "beam", "reproduce"}  # which no other one needs


def main(_: object) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or what it runs would go on
    names = _PROGRAMS.value or available()
    if unknown := set(names) - set(available()):
        raise InputError(f"--programs={sorted(unknown)[0]}: expected of {', '.join(available())}")
    with tempfile.TemporaryDirectory() as scratch:
        root = _ROOT.value or scratch
        changes, trials = _noted() if _ROOT.value else ({}, [])
        for name in _needed(names):
            if name not in changes:
                changes[name] = _undisturbed(name, root)
                print(f"{name}: {changes[name]} changes", flush=True)
                write_json(_JSON.value, _figures(changes, trials))
        done = {(trial["program"], trial["signal"], trial["number"]) for trial in trials}
        todo = [trial for trial in _plan(names) if trial not in done]
        for i, (name, sent, number) in enumerate(todo, 1):
            try_it = _early_trial if sent == _EARLY_INT else _trial
            begin = time.perf_counter()
            trial = {"program": name, "signal": sent, "number": number}
            trial |= try_it(root, name, sent, number, changes[name])
            trials.append(trial | {"seconds": round(time.perf_counter() - begin, 1)})
            print(f"{i}/{len(todo)} {trials[-1]}", flush=True)
            write_json(_JSON.value, _figures(changes, trials))


def _noted() -> tuple[dict[str, int], list[dict[str, Any]]]:
    """What an interrupted call has written."""
    try:
        with open(_JSON.value, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return {}, []
    if found["seed"] != _SEED.value:
        raise InputError(f"{_JSON.value}: of --seed={found['seed']}: expected {_SEED.value}")
    return found["changes"], found["trials"]


def _needed(names: list[str]) -> list[str]:
    """The programs, and those that make what they read."""
    order = [name for name in available() if name in names or name not in _LAST]
    return order[: max(map(order.index, names)) + 1]


def _undisturbed(name: str, root: str) -> int:
    """Runs a program; the number of its changes."""
    out = os.path.join(root, name)
    if os.path.exists(out):
        raise InputError(f"{out}: is there already: expected a --root without it")
    with Run(name, root, out) as run:
        changes = run.wait(None)
        if run.status():
            raise InputError(f"{name}: exit status {run.status()}: {run.errors()[-500:]}")
    return changes


def _plan(names: list[str]) -> list[tuple[str, str, int]]:
    """Program, signal and number of every trial."""
    count = len(names)
    kills = [(names[i % count], _KILL, i // count) for i in range(_KILLS.value)]
    interrupts = [
        (names[i // 2 % count], (_TERM, _INT)[i % 2], i // (2 * count))
        for i in range(_INTERRUPTS.value)
    ]
    early = [(names[i % count], _EARLY_INT, i // count) for i in range(_EARLY.value)]
    removals = [(names[i % count], _REMOVAL, i // count) for i in range(_REMOVALS.value)]
    return [*kills, *interrupts, *early, *removals]


def _trial(root: str, name: str, sent: str, number: int, changes: int) -> dict[str, Any]:
    draw = random.Random(f"{_SEED.value} {name} {sent} {number}")
    out = os.path.join(root, "killed", f"{name}-{sent}-{number}")
    first, end, drawn, found = int(sent != _KILL), changes, 0, None
    while not found and first < end:
        shutil.rmtree(out, ignore_errors=True)
        moment = draw.randrange(first, end)
        with Run(name, root, out) as run:
            run.wait(moment)
            index = draw.randrange(len(run.processes))
            found = _removed(run, out) if sent == _REMOVAL else _signalled(run, sent, index)
        found = None if found and _is_whole(root, name, out) else found
        drawn, end = drawn + 1, moment
    trial = {"drawn": drawn, "missed": not found}
    if found:
        trial |= found | {"moment": moment, "of": changes, "different": _again(root, name, out)}
        if not trial["different"]:
            shutil.rmtree(out)
    return trial


def _early_trial(root: str, name: str, sent: str, number: int, _changes: int) -> dict[str, Any]:
    draw = random.Random(f"{_SEED.value} {name} {sent} {number}")
    out = os.path.join(root, "killed", f"{name}-early-{number}")
    seconds = draw.uniform(0, _EARLY_SECONDS)
    with Run(name, root, out) as run:
        time.sleep(seconds)
        found = _signalled(run, sent, draw.randrange(len(run.processes)))
    shutil.rmtree(out, ignore_errors=True)
    return {"moment": round(seconds, 2), "missed": not found} | (found or {})


def _signalled(run: Run, sent: str, index: int) -> dict[str, Any] | None:
    """What a signal to one process of a run does; None where it has ended."""
    victim, begin = run.processes[index], time.monotonic()
    if victim.poll() is not None:
        return None
    if sent in (_INT, _EARLY_INT):
        os.killpg(victim.pid, signal.SIGINT)
    else:
        victim.send_signal(getattr(signal, sent))
    victim.wait()
    ended = time.monotonic() - begin
    others = run.end_others()
    left, errors = run.left(), run.errors(index)
    said = "one line" if errors.rstrip().endswith(INTERRUPTED) else "nothing"
    if "Traceback" in errors or "KeyboardInterrupt" in errors:
        said = errors
    found = {"ended_s": round(ended, 2), "status": victim.returncode, "said": said, "left": left}
    return found | {"others_waited": others}


def _removed(run: Run, out: str) -> dict[str, Any] | None:
    """What the removal of its folder does to a run; None where it has ended."""
    if run.processes[0].poll() is not None:
        return None
    begin = time.monotonic()
    while os.path.exists(out):  # something may be written meanwhile
        shutil.rmtree(out, ignore_errors=True)
    status, errors = run.status(), run.errors()
    is_line = status == 1 and _REMOVED in (errors.splitlines() or [""])[-1]
    shutil.rmtree(out, ignore_errors=True)
    return {
        "ended_s": round(time.monotonic() - begin, 2),
        "status": status,
        "said": "one line" if is_line and "Traceback" not in errors else errors,
        "left": run.left(),
    }


def _is_whole(root: str, name: str, out: str) -> bool:
    """Whether a run that was stopped has left all that one leaves."""
    try:
        return set(differences(contents(os.path.join(root, name)), contents(out))) <= {_LOCK}
    except Exception:  # of what is half written
        return False


def _again(root: str, name: str, out: str) -> list[str]:
    """What differs after the same command was given again."""
    with Run(name, root, out) as run:
        run.wait(None)
        if run.status():
            return [run.errors()[-500:]]
    return differences(contents(os.path.join(root, name)), contents(out))


def _figures(changes: dict[str, int], trials: list[dict[str, Any]]) -> dict[str, Any]:
    hit = [trial for trial in trials if not trial["missed"]]
    early = [trial for trial in hit if trial["signal"] == _EARLY_INT]
    removals = [trial for trial in hit if trial["signal"] == _REMOVAL]
    said = [trial["said"] for trial in early]
    return {
        **_summary(hit),
        "seconds": round(sum(trial["seconds"] for trial in trials), 1),
        "left": sum(trial["left"] for trial in hit),
        "others_waited": sum(trial.get("others_waited", 0) for trial in hit),
        "drawn_again": sum(trial.get("drawn", 1) - 1 for trial in trials),
        "missed": len(trials) - len(hit),
        "early": len(early),
        "early_one_line": said.count("one line"),
        "early_nothing": said.count("nothing"),
        "early_tracebacks": sum("\n" in text for text in said),
        "removals": len(removals),
        "removals_one_line": sum(trial["said"] == "one line" for trial in removals),
        "removals_equal": sum(not trial["different"] for trial in removals),
        "programs": {
            name: _summary([trial for trial in hit if trial["program"] == name]) for name in changes
        },
        "seed": _SEED.value,
        "changes": changes,
        "trials": trials,
    }


def _summary(hit: list[dict[str, Any]]) -> dict[str, Any]:
    kills = [trial for trial in hit if trial["signal"] == _KILL]
    others = [trial for trial in hit if trial["signal"] in (_TERM, _INT)]
    return {
        "kills": len(kills),
        "equal": sum(not trial["different"] for trial in kills),
        "kill_seconds": round(sum(trial["seconds"] for trial in kills), 1),
        "interrupts": len(others),
        "interrupts_equal": sum(not trial["different"] for trial in others),
        "one_line": sum(trial["said"] == "one line" for trial in others),
        "slowest_s": max((trial["ended_s"] for trial in others), default=0.0),
    }


if __name__ == "__main__":
    program.run(main)
