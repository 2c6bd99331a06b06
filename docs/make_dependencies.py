"""Makes packages.md and the list of packages for Bazel from what uv has resolved.

uv pip compile requirements-dev.txt --python-version 3.11 --format pylock.toml -o pylock.toml
uv pip compile requirements-dev.txt --python-version 3.10 --format pylock.toml -o pylock.3-10.toml
python docs/make_dependencies.py pylock.toml pylock.3-10.toml

Licences are read from the packages that are installed, which must be those of the first file.
"""

import pathlib
import re
import sys
from importlib import metadata

import tomllib

DOCS = pathlib.Path(__file__).resolve().parent
LOCK = DOCS.parent / "third_party" / "requirements_lock.txt"
TABLE = DOCS / "packages.md"
_PIN = re.compile(r"^([\w.-]+)(?:\[.*\])?==([\w.+!]+)", re.MULTILINE)
_LOCK_HEAD = """\
# All that requirements-dev.txt installs on Python 3.11. Made by docs/make_dependencies.py.
"""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: pathlib.Path) -> set[tuple[str, str]]:
    """Names, as the index writes them, and versions that a requirements file pins."""
    found = _PIN.findall(path.read_text(encoding="utf-8"))
    return {(_normal(name), version) for name, version in found}


def licence(name: str) -> str:
    """What an installed package says of its licence, in a line."""
    says = metadata.metadata(name)
    classifiers = [text for text in says.get_all("Classifier") or () if text.startswith("License")]
    choices = (
        says["License-Expression"],
        " or ".join(sorted(text.rpartition(" :: ")[2] for text in classifiers)),
        (says["License"] or "").partition("\n")[0],
    )
    return next((text for text in choices if text), "not stated")


def _resolved(path: str) -> dict[tuple[str, str], str]:
    """Day on which the first file of a version was uploaded, by name and version."""
    packages = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))["packages"]
    days = {}
    for package in packages:
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        day = min(file["upload-time"] for file in files).date().isoformat()
        days[package["name"], package["version"]] = day
    return days


def _rows(packages: set[tuple[str, str]], days: dict[tuple[str, str], str]) -> list[str]:
    return [
        f"| {name} | {version} | {days[name, version]} | {licence(name)} |"
        for name, version in sorted(packages)
    ]


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    locked = _resolved(sys.argv[1])
    here = {_normal(found.name): found.version for found in metadata.distributions()}
    wrong = [f"{name}=={version}" for name, version in locked if here.get(name) != version]
    if wrong:
        sys.exit(f"install these first: {' '.join(wrong)}")
    days = {key: day for path in reversed(sys.argv[1:]) for key, day in _resolved(path).items()}
    LOCK.write_text(_LOCK_HEAD + "".join(f"{name}=={v}\n" for name, v in sorted(locked)))

    used = pins(DOCS.parent / "requirements.txt")
    developing = pins(DOCS.parent / "requirements-dev.txt")
    kinds = (used, developing, {*locked} - used - developing)
    text = TABLE.read_text(encoding="utf-8")
    parts = re.split(r"(?<=\| --- \| --- \| --- \| --- \|\n)(?:\|.*\n)*", text)  # without rows
    assert len(parts) == len(kinds) + 1, "expected three tables"
    tables = ["\n".join([*_rows(kind, days), ""]) for kind in kinds]
    TABLE.write_text(
        "".join(f"{part}{table}" for part, table in zip(parts, [*tables, ""], strict=True))
    )


if __name__ == "__main__":
    main()
