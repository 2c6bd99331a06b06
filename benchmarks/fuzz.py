"""Damages the inputs of readers and counts what becomes of them.

    python benchmarks/fuzz.py --json=fuzz.json --inputs=10000 --seed=0

Every reader works in a process of its own, which may grow by 2 GB and take 20 s for an input; an
input is decided by the seed, the reader and its number. Interrupted, the same command goes on.
Counted are: tried; clean (an InputError that names the file,
or the folder or file that it speaks of); accepted_right (read as the
undamaged file or, where the format has no checksum, read at all: its values are others then);
accepted_wrong (read as something else although there is a checksum); tracebacks (any other error,
or one that does not name the file); crashes; hangs; memory.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import multiprocessing
import resource
import tempfile
import warnings
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
from absl import app, flags
from fuzz_readers import READERS, Reader, damage

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import read_json, write_json

_JSON = flags.DEFINE_string("json", None, "Write the counts to this file.", required=True)
_INPUTS = flags.DEFINE_integer("inputs", 10_000, "In all, shared out evenly.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 0, "Decides all inputs.")

KINDS = ("tried", "clean", "accepted_right", "accepted_wrong", "tracebacks", "crashes", "hangs")
KINDS += ("memory",)
_SECONDS = 20.0
_GROWTH = 2 * 2**30
_SAVED_EVERY = 50


def main(_: object) -> None:
    settings = {"inputs": _INPUTS.value, "seed": _SEED.value}
    results = {"settings": settings, "readers": {}}
    if files.exists(_JSON.value):
        results = read_json(_JSON.value, "counts of fuzz.py")
        if results["settings"] != settings:
            raise InputError(f"{_JSON.value}: of {results['settings']}: expected {settings}")
    share = -(-_INPUTS.value // len(READERS))
    for name in READERS:
        found = results["readers"].setdefault(name, {"examples": {}, **dict.fromkeys(KINDS, 0)})
        run_reader(name, share, _SEED.value, found, lambda: write_json(_JSON.value, results))
        print(f"{name:12s}", *(f"{kind} {found[kind]}" for kind in KINDS))
    every = results["readers"].values()
    results["total"] = {kind: sum(found[kind] for found in every) for kind in KINDS}
    write_json(_JSON.value, results)


def run_reader(name: str, count: int, seed: int, found: dict, save: Callable[[], None]) -> None:
    """Tries inputs `found["tried"]` .. count - 1 of a reader, counted in `found`."""
    context = multiprocessing.get_context("fork")
    while found["tried"] < count:
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_work, args=(theirs, name, seed, found["tried"], count), daemon=True
        )
        process.start()
        theirs.close()
        try:
            ours.recv()
        except EOFError:
            raise RuntimeError(f"{name}: the undamaged input cannot be read") from None
        try:
            while found["tried"] < count:
                if not ours.poll(_SECONDS):
                    kind, detail = "hangs", ""
                else:
                    kind, detail = ours.recv()
                _count(found, kind, detail)
                if found["tried"] % _SAVED_EVERY == 0:
                    save()
                if kind == "hangs":
                    break
        except EOFError:
            _count(found, "crashes", "")
        process.kill()
        process.join()
    save()


def _count(found: dict, kind: str, detail: str) -> None:
    if kind in ("tracebacks", "crashes", "hangs", "memory", "accepted_wrong"):
        found["examples"].setdefault(f"{kind}: {detail}", found["tried"])
    found["tried"] += 1
    found[kind] += 1


def _work(pipe: Connection, name: str, seed: int, first: int, count: int) -> None:
    """Sends a kind and a detail for every input."""
    reader = READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        reader.write(folder)
        whole = files.read(reader.path(folder))
        expected = reader.read(folder)
        pages = int(files.read_text("/proc/self/statm").split()[0])
        limit = pages * resource.getpagesize() + _GROWTH
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        pipe.send(("ready", ""))
        for number in range(first, count):
            rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
            with files.create(reader.path(folder), "wb") as file:
                file.write(damage(whole, reader.kind, rng))
            pipe.send(_outcome(reader, folder, expected))


def _outcome(reader: Reader, folder: str, expected: object) -> tuple[str, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = reader.read(folder)
    except InputError as error:
        named = folder in str(error)
        return ("clean", "") if named else ("tracebacks", f"names no file: {error}"[:200])
    except MemoryError:
        return "memory", ""
    except Exception as error:
        return "tracebacks", f"{type(error).__name__}: {error}"[:200]
    right = not reader.has_checksum or json.dumps(found) == json.dumps(expected)
    return ("accepted_right" if right else "accepted_wrong"), ""


if __name__ == "__main__":
    app.run(main)
