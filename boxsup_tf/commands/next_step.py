"""The last line of a program: the command that comes next in the usual order."""

import os
import pathlib
import shlex
import sys


def say_next(command: str, **flags: str) -> None:
    """Prints a command as a user types it, by the same program that runs now.

    Args:
        command: of `cli.COMMANDS`.
        **flags: its flags.
    """
    called = pathlib.Path(sys.argv[0])
    program = f"boxsup {command}"
    if called.suffix == ".py" and called.parent.name == "scripts":
        program = f"python {called.with_name(command)}.py"
    words = [f"--{name}={shlex.quote(value)}" for name, value in flags.items()]
    print(f"next: {' '.join([program, *words])}")


def beside(folder: str, suffix: str) -> str:
    """The path of a folder that stands beside another, with a longer name."""
    return f"{os.path.normpath(folder) if '://' not in folder else folder.rstrip('/')}_{suffix}"
