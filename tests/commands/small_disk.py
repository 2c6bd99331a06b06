"""Gives programs an output folder that is read-only, then one on a full disk; run by the tests.

    python -m tests.commands.small_disk PART FOLDER DISK

PART is one of `PARTS`. DISK is the root of a file system of its own. Ends with an AssertionError
where a program does not say in one line what is wrong, or does not go on when there is room.
"""

import contextlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import numpy as np

from boxsup_tf.data.shapes import ShapesReader
from tests.commands.small_programs import small_programs
from tests.in_process import run_script
from tests.training.folders import blocks, make_example, write

_PAGE = 4096
# The programs, so that one that needs another's output comes with it.
PARTS = {
    "images": (
        *("prepare_data", "extract_images", "generate_proposals", "train_cfm", "serve_client"),
        *("export", "predict"),
    ),
    "scores": (
        *("train", "rank_for_masks", "evaluate", "report", "check_boxes", "tune_crf", "reproduce"),
    ),
}
# Of which other tests see that they go on; the first takes minutes.
_NOT_RUN = ("reproduce", "rank_for_masks", "train_cfm")


def main(part: str, folder: pathlib.Path, disk: pathlib.Path) -> None:
    with _server() as url:
        programs = small_programs(folder, disk) | _more(folder, disk, url)
        assert {*programs} | {"tune_crf"} == {name for names in PARTS.values() for name in names}
        for name, command in programs.items():
            if name in PARTS[part]:
                _check(name, command, disk)


def _more(folder: pathlib.Path, disk: pathlib.Path, url: str) -> dict[str, tuple[str, ...]]:
    names = ShapesReader(1, seed=1).class_names
    examples = [make_example(f"image{i}", i, mask=False) for i in range(2)]
    pools = write(folder / "pools", examples, blocks, class_names=names)
    model, records = f"--model_dir={folder}/run", f"--data={folder}/records"
    cfm = ("--init=random", "--width_multiplier=0.05", "--scale=1", "--segments=4", "--epochs=1")
    found = {
        "serve_client": (f"--url={url}", f"--images={disk}/extract_images"),
        "check_boxes": (model, records),
        "report": (f"--evaluation={disk}/evaluate", records, f"--output={disk}/report.html"),
        "rank_for_masks": (f"--model_dir={disk}/train", f"--data={pools}", f"--output={disk}/ids"),
        "train_cfm": (
            *(f"--train_data={disk}/generate_proposals", f"--model_dir={disk}/train_cfm", *cfm),
        ),
        "reproduce": ("--recipe=table5/fcn8s", "--miniature", f"--output_root={disk}/reproduce"),
    }
    if importlib.util.find_spec("pydensecrf"):
        grid = ("--w1=3", "--theta_alpha=30", "--theta_beta=3", "--refinements=0")
        found["tune_crf"] = (model, records, "--num_images=1", "--num_workers=1", *grid)
    return {
        name: (f"{name}.py", *flags)
        if any(f"={disk}/{name}" in flag for flag in flags) or name in ("report", "rank_for_masks")
        else (f"{name}.py", *flags, f"--output_dir={disk}/{name}")
        for name, flags in found.items()
    }


def _check(name: str, command: tuple[str, ...], disk: pathlib.Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    _fails(command, "Read-only file system")
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    for pages in (1,) if name == "rank_for_masks" else (0, 2):  # which writes two small files
        filler = disk / "filler"
        filler.write_bytes(bytes(_PAGE * (os.statvfs(disk).f_bfree - pages)))
        _fails(command, "No space left on device")
        filler.unlink()
    if name in _NOT_RUN:
        return
    done = run_script(*command)
    assert done.returncode == 0, (command, done.stderr)
    left = [path.name for path in (disk / name).rglob("*") if path.suffix in (".tmp", ".lock")]
    assert not left, (name, left)


def _fails(command: tuple[str, ...], reason: str) -> None:
    done = run_script(*command)
    said = [line for line in done.stderr.splitlines() if "error: " in line]
    assert done.returncode == 1 and "Traceback" not in done.stderr, (command, done.stderr)
    assert len(said) == 1 and reason in said[0], (command, done.stderr)


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """What answers as serve does, with one mask for all images."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            mask = cv2.imencode(".png", np.zeros((64, 64), np.uint8))[1].tobytes()
            self.send_response(200)
            self.end_headers()
            answer = {"predictions": [{"b64": b64encode(mask).decode()}]}
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], *map(pathlib.Path, sys.argv[2:]))
