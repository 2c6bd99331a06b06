"""The package's imports are as docs/architecture.md has them: by layers, downward, no circles."""

import ast
import graphlib
import re

from tests.conftest import REPOSITORY

_MODULES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((REPOSITORY / "boxsup_tf").rglob("*.py"))
}
_DOCUMENT = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")


def _imported(module: str) -> set[str]:
    """The modules of the package that a module imports, also inside of functions."""
    found = set()
    for node in ast.walk(ast.parse(_MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: expected an absolute import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in _MODULES else node.module)
    return {name for name in found if name.partition(".")[0] == "boxsup_tf"}


_IMPORTS = {module: _imported(module) for module in _MODULES}


def _package(module: str) -> str:
    """What stands in the picture for a module: a package, or a module beside the packages."""
    return module.split(".")[1]


def _package_imports() -> dict[str, set[str]]:
    packages: dict[str, set[str]] = {}
    for module, imported in _IMPORTS.items():
        if module != "boxsup_tf":  # it imports by name, and nothing imports it
            package = _package(module)
            packages.setdefault(package, set()).update(map(_package, imported))
            packages[package].discard(package)
    return packages


def _layers() -> dict[str, int]:
    """The layer of every package, from the rows `| LAYER | `NAME` | ... |` of the table."""
    section = _DOCUMENT.partition("\n## Packages and layers\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| ", section, re.MULTILINE)
    assert len({name for _, name in rows}) == len(rows), "expected one row per package"
    assert [int(layer) for layer, _ in rows] == sorted(int(layer) for layer, _ in rows)
    return {name: int(layer) for layer, name in rows}


def _below(package: str, imports: dict[str, set[str]]) -> set[str]:
    """What a package imports, directly or through others."""
    return imports[package].union(*(_below(name, imports) for name in imports[package]))


def _picture(imports: dict[str, set[str]]) -> str:
    """The Mermaid graph of the imports, without those that follow from others."""
    lines = ["graph TD"]
    for package in sorted(imports):
        through_others = set().union(*(_below(name, imports) for name in imports[package]))
        direct = sorted(imports[package] - through_others)
        lines += [f"    {package} --> {name}" for name in direct]
    return "\n".join(["```mermaid", *lines, "```"])


def test_what_is_imported_exists():
    for module, imported in _IMPORTS.items():
        assert imported <= set(_MODULES), f"{module}: {imported - set(_MODULES)}"


def test_no_file_imports_itself_through_others():
    order = tuple(graphlib.TopologicalSorter(_IMPORTS).static_order())  # raises CycleError
    assert set(order) == set(_MODULES)


def test_every_package_has_one_row_in_the_table():
    assert set(_layers()) == set(_package_imports())


def test_a_package_imports_only_from_lower_layers():
    layers = _layers()
    wrong = [
        f"{module} (layer {layers[package]}) imports {name} (layer {layers[below]})"
        for module, imported in _IMPORTS.items()
        for name in imported
        if (package := _package(module)) != (below := _package(name))
        and layers[package] <= layers[below]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_picture_shows_the_imports():
    picture = _picture(_package_imports())
    assert f"\n{picture}\n" in _DOCUMENT, f"expected in docs/architecture.md:\n\n{picture}\n"


def test_no_file_is_long():
    for path in _MODULES.values():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 300, f"{path}: {lines} lines, expected at most 300"
