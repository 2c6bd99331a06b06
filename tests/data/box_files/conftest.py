"""Fixtures of the tests of boxsup_tf/data/box_files."""

import pathlib

import pytest

from tests.data.box_files.writers import BOXES
from tests.data.tiny import jpeg


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in BOXES:
        (folder / f"{name}.jpg").write_bytes(jpeg(len(name)))
    return folder
