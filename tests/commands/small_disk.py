"""Gives programs an output folder that is read-only, then one on a full disk; run by the tests.

    python -m tests.commands.small_disk FOLDER DISK

DISK is the root of a file system of its own. Ends with an AssertionError where a program does not
say in one line what is wrong, or does not go on when there is room.
"""

import os
import pathlib
import subprocess
import sys

from boxsup_tf.data.shapes import ShapesReader
from tests.in_process import run_script
from tests.scripts.small_run import write_run, write_shapes

_PAGE = 4096


def main(folder: pathlib.Path, disk: pathlib.Path) -> None:
    names = ShapesReader(1, seed=1).class_names
    write_run(folder / "run", names)
    write_shapes(folder / "records", {}, names, 2)
    shapes = ["--dataset=shapes", "--num_images=4", "--image_size=64", "--num_shards=2"]
    model, records = f"--model_dir={folder}/run", f"{folder}/records"
    training = ["--init=random", "--width_multiplier=0.05", "--crop_size=65", "--epochs=1"]
    programs = {
        "prepare_data": shapes,
        "extract_images": [f"--input_dir={records}"],
        "generate_proposals": [
            *(f"--input_dir={records}", "--method=rectangle", "--num_workers=1"),
        ],
        "train": [f"--train_data={records}:mask", *training, "--num_pictures=1"],
        "evaluate": [model, f"--data={records}"],
        "export": [model],
        "predict": [f"--saved_model={disk}/export", f"--images={disk}/extract_images"],
    }
    filler = disk / "filler"
    for name, flags in programs.items():
        output = "--model_dir" if name == "train" else "--output_dir"
        command = (f"{name}.py", *flags, f"{output}={disk}/{name}")
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
