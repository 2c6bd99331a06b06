"""What a package offers by one file each: adding one is adding a file."""

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any


def file_names(package_path: Iterable[str]) -> tuple[str, ...]:
    """The names of a package's files, sorted; of its `__path__`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package_path)))


def united(package: ModuleType, attribute: str) -> dict[str, Any]:
    """The dicts that the files of a package define under one name, as one."""
    found: dict[str, Any] = {}
    for name in file_names(package.__path__):
        found |= getattr(importlib.import_module(f"{package.__name__}.{name}"), attribute)
    return found
