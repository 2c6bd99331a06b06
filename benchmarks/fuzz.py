"""Damages the inputs of readers and counts what becomes of them.

    python benchmarks/fuzz.py --json=fuzz.json --inputs=10000 --seed=0

Every reader works in a process of its own, which may grow by 2 GB of addresses and take 20 s of the
processor for an input; an input is decided by the seed, the reader and its number. Interrupted, the
same command goes on.
Counted are: tried; clean (an InputError that names the file,
or the folder or file that it speaks of; where a record or a request has no name, what stands for
it); accepted_right (read as the
undamaged file or, where the format has no checksum, read at all: its values are others then);
accepted_wrong (read as something else although there is a checksum); tracebacks (any other error,
or one that does not name the file); crashes; hangs; memory.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import io
import json
import math
import multiprocessing
import pickle
import resource
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import program
from absl import flags
from fuzz_damage import damage
from fuzz_reader import Reader
from fuzz_readers import READERS

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import read_json, write_json

_JSON = flags.DEFINE_string("json", None, "Write the counts to this file.", required=True)
_INPUTS = flags.DEFINE_integer("inputs", 10_000, "In all, shared out evenly.", lower_bound=1)
_READERS = flags.DEFINE_list("readers", [], "Only these.")
_SEED = flags.DEFINE_integer("seed", 0, "Decides all inputs.")

KINDS = (
    *("tried", "clean", "accepted_right", "accepted_wrong"),
    *("tracebacks", "crashes", "hangs", "memory"),
)
_SECONDS = 20.0  # of the processor
_IDLE_SECONDS = 200.0
_START_SECONDS = 600.0
_GROWTH = 2 * 2**30
_SAVED_EVERY = 50


def main(_: object) -> None:
    settings = {"inputs": _INPUTS.value, "seed": _SEED.value}
    results: dict[str, Any] = {"settings": settings, "readers": {}}
    if files.exists(_JSON.value):
        results = read_json(_JSON.value, "counts of fuzz.py")
        if results["settings"] != settings:
            raise InputError(f"{_JSON.value}: of {results['settings']}: expected {settings}")
    unit = _INPUTS.value / sum(reader.share for reader in READERS.values())
    for name in _READERS.value or READERS:
        share = math.ceil(unit * READERS[name].share)
        found = results["readers"].setdefault(name, {"examples": {}, **dict.fromkeys(KINDS, 0)})
        run_reader(name, share, _SEED.value, found, lambda: write_json(_JSON.value, results))
        print(f"{name:14s}", *(f"{kind} {found[kind]}" for kind in KINDS), flush=True)
    every = results["readers"].values()
    results["total"] = {kind: sum(found[kind] for found in every) for kind in KINDS}
    write_json(_JSON.value, results)


def run_reader(name: str, count: int, seed: int, found: dict, save: Callable[[], None]) -> None:
    """Tries inputs `found["tried"]` .. count - 1 of a reader, counted in `found`."""
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        while found["tried"] < count:
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(theirs, name, folder, seed, found["tried"], count), daemon=True
            )
            process.start()
            theirs.close()
            if not ours.poll(_START_SECONDS) or not _received(ours):
                raise RuntimeError(f"{name}: the undamaged input cannot be read")
            pid = process.pid or 0
            while found["tried"] < count and (outcome := _outcome_of(pid, ours)):
                _count(found, *outcome)
                if found["tried"] % _SAVED_EVERY == 0:
                    save()
                if outcome[0] in ("hangs", "crashes"):
                    break
            process.kill()
            process.join()
            save()


def _received(pipe: Connection) -> tuple[str, str] | None:
    """None where the process has died."""
    try:
        return pipe.recv()
    except EOFError:
        return None


def _outcome_of(process: int, pipe: Connection) -> tuple[str, str] | None:
    """What became of the next input; its time is the processor's, for the machine may be busy."""
    started, before = time.monotonic(), _processor_seconds(process)
    while not pipe.poll(1.0):
        if _processor_seconds(process) - before > _SECONDS:
            return "hangs", ""
        if time.monotonic() - started > _IDLE_SECONDS:
            return "hangs", "idle"
    return _received(pipe) or ("crashes", "")


def _processor_seconds(process: int) -> float:
    values = files.read_text(f"/proc/{process}/stat").rpartition(") ")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def _count(found: dict, kind: str, detail: str) -> None:
    if kind in ("tracebacks", "crashes", "hangs", "memory", "accepted_wrong"):
        found["examples"].setdefault(f"{kind}: {detail}", found["tried"])
    found["tried"] += 1
    found[kind] += 1


def _work(pipe: Connection, name: str, root: str, seed: int, first: int, count: int) -> None:
    """Sends a kind and a detail for every input."""
    reader = READERS[name]
    sys.stderr = io.StringIO()  # progress bars
    folder, undamaged = os.path.join(root, "data"), os.path.join(root, "undamaged")
    if not files.exists(undamaged):
        files.make_folders(folder)
        reader.write(folder)
        contents = {file: files.read(os.path.join(folder, file)) for file in reader.files}
        with files.create(undamaged, "wb") as file:
            pickle.dump(contents, file)
    whole = pickle.loads(files.read(undamaged))
    _put(folder, whole)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = reader.read(folder)
        pages = int(files.read_text("/proc/self/statm").split()[0])
        limit = pages * resource.getpagesize() + _GROWTH
        pipe.send(("ready", ""))
        for number in range(first, count):
            _put(folder, whole)
            _put(folder, damaged_file(name, whole, seed, number))
            resource.setrlimit(resource.RLIMIT_AS, (limit, -1))
            outcome = _outcome(reader, folder, expected)
            resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
            pipe.send(outcome)


def damaged_file(name: str, whole: dict[str, bytes], seed: int, number: int) -> dict[str, bytes]:
    """The one file of an input that is damaged, with its content."""
    reader = READERS[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    file = reader.files[rng.integers(len(reader.files))]
    return {file: damage(whole[file], reader.kind_of(file), rng)}


def _put(folder: str, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        with files.create(os.path.join(folder, name), "wb") as file:
            file.write(content)


def _outcome(reader: Reader, folder: str, expected: object) -> tuple[str, str]:
    try:
        found = reader.read(folder)
    except InputError as error:
        named = any(name in str(error) for name in (folder, *reader.names))
        return ("clean", "") if named else ("tracebacks", f"names no file: {error}"[:200])
    except MemoryError:
        return "memory", ""
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(where.filename)}:{where.lineno}"
        return "tracebacks", f"{place}: {type(error).__name__}: {error}"[:200]
    right = not reader.has_checksum or json.dumps(found) == json.dumps(expected)
    return ("accepted_right" if right else "accepted_wrong"), ""


if __name__ == "__main__":
    program.run(main)
