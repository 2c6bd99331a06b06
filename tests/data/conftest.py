"""Fixtures of the tests of boxsup_tf/data."""

import pathlib

import pytest

from tests.data.tiny import CocoFolder, VocFolder


@pytest.fixture
def voc(tmp_path: pathlib.Path) -> VocFolder:
    return VocFolder(tmp_path / "devkit")


@pytest.fixture
def coco(tmp_path: pathlib.Path) -> CocoFolder:
    return CocoFolder(tmp_path / "coco")
