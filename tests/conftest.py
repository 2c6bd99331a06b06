"""Fixtures of all tests."""

import gc
import importlib.util
import os
import pathlib
from multiprocessing import forkserver

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Files of tests run side by side, a core each: further threads of a process only get in their way.
for _threads in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

# All that thousands of tests and their traced graphs keep is looked through in a collection, by
# default a fifth of the time. So collections are rare, and leave out what is there at the start.
gc.set_threshold(50_000, 20, 100)

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent

needs_crf = pytest.mark.skipif(
    importlib.util.find_spec("pydensecrf") is None, reason="pydensecrf2 is not installed"
)


# Begun first, the longest at the head: else one of them would be left to the end, for one worker of
# pytest-xdist alone.
_LONG_FILES = (
    "training/test_distributed.py",
    "commands/test_ram_file_system.py",
    "recipes/test_reproduce.py",
    "training/test_trainer.py",
    "scripts/test_six_commands.py",
    "test_tutorial.py",
    "proposals/test_edge_server.py",
    "proposals/test_generate_beam.py",
    "commands/test_wheel.py",
    "proposals/test_generate.py",
    "evaluation/report/test_browser.py",
    "test_collection.py",
)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # by numbers of tests, which say little
    # Worker processes are forks of one that has imported what the first function needs; in a
    # process of tests others follow, and most need this, too.
    preload = forkserver.set_forkserver_preload
    forkserver.set_forkserver_preload = lambda names: preload([*names, "boxsup_tf.commands.train"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = REPOSITORY / "tests"
    place = {tests / name: number for number, name in enumerate(_LONG_FILES)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.freeze()  # of what tests have left, nothing is looked through when the process ends


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """The folder of real images; a test that asks for it is skipped where there is none."""
    default = REPOSITORY.parent / "shared" / "data"
    folder = pathlib.Path(os.environ.get("BOXSUP_SHARED_DATA", default))
    if not (folder / "voc_subset").is_dir():
        pytest.skip(f"real images not found in {folder}: set BOXSUP_SHARED_DATA")
    return folder
