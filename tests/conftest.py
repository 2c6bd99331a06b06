"""Fixtures of all tests."""

import importlib.util
import os
import pathlib

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent

needs_crf = pytest.mark.skipif(
    importlib.util.find_spec("pydensecrf") is None, reason="pydensecrf2 is not installed"
)


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """The folder of real images; a test that asks for it is skipped where there is none."""
    default = REPOSITORY.parent / "shared" / "data"
    folder = pathlib.Path(os.environ.get("BOXSUP_SHARED_DATA", default))
    if not (folder / "voc_subset").is_dir():
        pytest.skip(f"real images not found in {folder}: set BOXSUP_SHARED_DATA")
    return folder
