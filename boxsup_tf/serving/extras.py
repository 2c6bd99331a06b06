"""Packages that only serving needs."""

from importlib import util

from boxsup_tf.errors import InputError


def require(module: str, package: str) -> None:
    """Makes sure that a module can be imported.

    Raises:
        InputError: saying how to install its package.
    """
    if util.find_spec(module) is None:
        raise InputError(
            f"the module {module} is missing: expected it after `python -m pip install {package}`"
        )
