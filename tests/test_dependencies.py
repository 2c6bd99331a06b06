"""docs/packages.md: each pinned version has a row, with the licence that the package states."""

import datetime
import importlib.util
import re
import sys
from importlib import metadata

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="the program needs tomllib")

_ROW = re.compile(r"^\| ([\w.-]+) \| ([\w.+!]+) \| (\d{4}-\d\d-\d\d) \| (.+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def program():
    path = REPOSITORY / "docs" / "make_dependencies.py"
    spec = importlib.util.spec_from_file_location("make_dependencies", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables() -> list[dict[tuple[str, str], tuple[str, str]]]:
    """Of each table: day and licence by name and version."""
    sections = (REPOSITORY / "docs" / "packages.md").read_text(encoding="utf-8").split("\n## ")
    found = [{row[:2]: row[2:] for row in _ROW.findall(section)} for section in sections]
    return [rows for rows in found if rows]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_pinned_has_a_row(program, tables, name):
    table = tables[("requirements.txt", "requirements-dev.txt").index(name)]
    pinned = program.pins(REPOSITORY / name)
    assert len(pinned) > 20 and {*table} == pinned, "make docs/packages.md anew: see its program"


def test_the_hub_has_what_is_pinned(program, tables):
    """MODULE.bazel's list: one version of each package, and no other than the tables have."""
    assert 'python_version = "3.11"' in (REPOSITORY / "MODULE.bazel").read_text(encoding="utf-8")
    locked = program.pins(REPOSITORY / "third_party" / "requirements_lock.txt")
    used, developing, brought = tables
    names = {name for name, _ in locked}
    assert len(names) == len(locked) and {*brought} <= locked
    assert locked <= {*used, *developing, *brought}
    assert names >= {name for name, _ in (*used, *developing)} - {"tomli"}  # Python 3.10 alone


def test_every_day_is_one_of_the_past(tables):
    days = [datetime.date.fromisoformat(day) for rows in tables for day, _ in rows.values()]
    assert datetime.date(2015, 1, 1) < min(days) and max(days) <= datetime.date.today()


def test_licences_are_those_that_the_installed_packages_state(program, tables):
    here = {found.name: found.version for found in metadata.distributions()}
    here = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in here.items()}
    rows = {
        key: row for table in tables for key, row in table.items() if here.get(key[0]) == key[1]
    }
    assert len(rows) > 20
    for (name, _), (_, licence) in rows.items():
        assert licence == program.licence(name), name


def test_no_licence_binds_what_uses_the_package(tables):
    assert not [row for rows in tables for row in rows.items() if "GPL" in row[1][1]]
