"""The targets of Bazel: every file of the package, every script and every test is in one."""

import pathlib
import re

import pytest

from tests.conftest import REPOSITORY


def _glob(folder: pathlib.Path, include: list[str], exclude: list[str] = ()) -> list[str]:
    """Bazel's: files below a folder, but for those of deeper folders with a BUILD of their own."""
    found, left_out = (
        {
            path.relative_to(folder).as_posix()
            for pattern in patterns
            for path in folder.glob(f"{pattern}/*" if pattern.endswith("**") else pattern)
            if path.is_file()
        }
        for patterns in (include, exclude)
    )
    others = [build.parent for build in folder.rglob("BUILD") if build.parent != folder]
    hidden = {name for name in found for other in others if other in (folder / name).parents}
    return sorted(found - left_out - hidden)


def _targets(folder: pathlib.Path) -> dict[str, dict]:
    """The targets of a BUILD file by name: their arguments and, as `rule`, the rule."""
    targets: dict[str, dict] = {}

    def rule(kind):
        def define(name, **arguments):
            assert name not in targets, f"{folder}/BUILD defines {name} twice"
            targets[name] = {"rule": kind, **arguments}

        return define

    names = {kind: rule(kind) for kind in ("py_binary", "py_library", "py_test", "filegroup")}
    names |= dict.fromkeys(("load", "package", "licenses", "exports_files"), lambda *_, **__: None)
    names["glob"] = lambda include, exclude=(): _glob(folder, include, exclude)
    names["all_requirements"] = []
    text = (folder / "BUILD").read_text(encoding="utf-8")
    exec(compile(text, str(folder / "BUILD"), "exec"), names)  # Starlark that is Python, too
    targets["MANUAL"] = names.get("MANUAL", [])
    return targets


@pytest.fixture(scope="module")
def package() -> dict[str, dict]:
    return _targets(REPOSITORY)


@pytest.fixture(scope="module")
def tests() -> dict[str, dict]:
    return _targets(REPOSITORY / "tests")


def _files(folder: str, pattern: str) -> set[str]:
    found = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / folder).rglob(pattern)
        if path.is_file() and path.suffix != ".pyc"
    }
    assert found
    return found


def _of(targets: dict[str, dict], rule: str) -> dict[str, dict]:
    found = {name: target for name, target in targets.items() if name != "MANUAL"}
    return {name: target for name, target in found.items() if target["rule"] == rule}


def test_the_package_is_whole(package):
    library = package["boxsup_tf"]
    assert {*library["srcs"]} == _files("boxsup_tf", "*.py")
    assert {*library["srcs"], *library["data"]} == _files("boxsup_tf", "*")


def test_every_script_is_a_program(package):
    programs = _of(package, "py_binary")
    assert {target["main"] for target in programs.values()} == _files("scripts", "*.py")
    assert programs["train"]["main"] == "scripts/train.py"


@pytest.mark.parametrize("folder", ["benchmarks", "docs", "recipes", "scripts"])
def test_tests_find_what_lies_beside_the_package(package, folder):
    assert _files(folder, "*") <= {*package["tree"]["srcs"]}
    assert {"README.md", "pyproject.toml", "requirements.txt"} <= {*package["tree"]["srcs"]}


def test_every_test_file_is_a_test(tests):
    found = {
        f"tests/{path}" for target in _of(tests, "py_test").values() for path in target["srcs"]
    }
    assert found == _files("tests", "test_*.py") | {"tests/run_pytest.py"}
    helpers = {f"tests/{path}" for path in tests["helpers"]["srcs"]}
    assert helpers == _files("tests", "*.py") - _files("tests", "test_*.py")
    assert "tests/conftest.py" in helpers


def test_tests_share_what_is_no_test():
    # A test's sandbox has the helpers and itself, no other test.
    for name in sorted(_files("tests", "*.py")):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        found = re.findall(r"^ *from (tests\.(?:\w+\.)*test_\w+) import", text, re.MULTILINE)
        assert not found, f"{name} imports from {found}"


def test_the_manual_ones_exist(tests):
    marked = {name for name, target in _of(tests, "py_test").items() if target["tags"]}
    assert {f"{name}.py" for name in marked} == {*tests["MANUAL"]}
    for name, target in _of(tests, "py_test").items():
        assert target["args"] == [f"$(rootpath {name}.py)"] and target["main"] == "run_pytest.py"


def test_the_versions_are_one():
    module, project = (
        re.search(r'^ *version = "([^"]+)"', (REPOSITORY / name).read_text(), re.MULTILINE)[1]
        for name in ("MODULE.bazel", "pyproject.toml")
    )
    assert module == project
