"""Runs the programs of scripts/ in this process, which saves every test the import of TensorFlow.

That they are programs is tested by tests/commands and the README's own commands.
"""

import contextlib
import importlib
import io
import pathlib
import traceback
from typing import NamedTuple

from boxsup_tf.commands import command_line


class Completed(NamedTuple):
    """How a program ended, as `subprocess.CompletedProcess` says it."""

    returncode: int
    stdout: str
    stderr: str


def run_script(name: str, *arguments: str) -> Completed:
    """Runs scripts/NAME with these flags."""
    command = importlib.import_module(f"boxsup_tf.commands.{pathlib.Path(name).stem}")
    stdout, stderr, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            command_line.call(command.run, arguments, f"python scripts/{name}")
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=stderr)
            status = 1 if isinstance(end.code, str) else end.code or 0
        except Exception:
            traceback.print_exc(file=stderr)
            status = 1
    return Completed(status, stdout.getvalue(), stderr.getvalue())
