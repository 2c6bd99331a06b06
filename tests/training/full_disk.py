"""Saves checkpoints on a small file system that is filled more and more; run by the tests.

    python -m tests.training.full_disk FOLDER

FOLDER is the root of a file system of its own. Ends with an AssertionError where a save that
failed has left anything but what was there before.
"""

import os
import pathlib
import sys

from boxsup_tf.errors import InputError
from boxsup_tf.models.saved_network import load_segmenter
from tests.training.runs import Run, open_run, value_of

PAGE = 4096


def main(root: pathlib.Path) -> None:
    for best in (False, True):
        _fill_until_it_fits(root / "filler", root / f"run{best}", best)


def _fill_until_it_fits(filler: pathlib.Path, folder: pathlib.Path, best: bool) -> None:
    run = open_run(folder)
    run.set(1.0)
    run.checkpoints.save_if_best(0.5)
    run.checkpoints.save()
    before = _contents(folder)
    saved = folder / "best" if best else folder
    size = sum(-(-path.stat().st_size // PAGE) for path in saved.glob("ckpt-*"))
    failures = pages = 0
    while message := _save_with_free(pages, filler, run, best):
        assert "could not be written: No space left on device (" in message, message
        assert message.startswith(f"{folder}"), message
        assert f"the last checkpoint, {folder}/ckpt-1, is intact" in message, message
        assert _contents(folder) == before, (pages, _contents(folder).keys())
        failures += 1
        pages += 4 if pages < size - 8 else 1
        run.reopen()
        assert value_of(run.model) == 1.0
    # A page for the data, one for the index, one for the list of checkpoints, at least.
    assert failures > 3, failures
    assert value_of(load_segmenter(str(saved)).model) == 2.0


def _save_with_free(pages: int, filler: pathlib.Path, run: Run, best: bool) -> str:
    """Saves with so many pages free; the error's message, empty where there was none."""
    free = os.statvfs(filler.parent).f_bfree - pages
    assert free >= 0
    filler.write_bytes(bytes(PAGE * free))
    run.set(2.0)
    try:
        run.checkpoints.save_if_best(0.6) if best else run.checkpoints.save()
    except InputError as error:
        return str(error)
    finally:
        filler.unlink()
    return ""


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
    """Every file but config.json, which each process writes when it opens the run."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if path.name != "config.json"}


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
