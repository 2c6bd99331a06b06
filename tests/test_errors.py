"""errors: what a user sees of a script that stops."""

import pathlib
import subprocess
import sys

import pytest

from boxsup_tf.errors import InputError

_SCRIPT = """
import sys
from boxsup_tf import errors

def main(argv):
    {body}

errors.run_script(main)
"""


def _run(body: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", _SCRIPT.format(body=body), *arguments]
    root = pathlib.Path(__file__).parents[1]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)


@pytest.mark.parametrize(
    ("body", "arguments", "code", "stderr"),
    [
        ("print('done')", (), 0, ""),
        ("raise errors.InputError('a.xml: bad')", (), 1, "error: a.xml: bad\n"),
        ("print('never')", ("stray",), 1, "error: unexpected argument 'stray': "),
        ("open('/none/x', 'w')", (), 1, "error: /none/x: cannot be read or written: No such file"),
        ("raise KeyboardInterrupt", (), 1, "interrupted: run the same command again"),
    ],
)
def test_script_ends_with_one_line_and_a_status(body, arguments, code, stderr):
    result = _run(body, *arguments)
    assert result.returncode == code
    assert result.stderr.startswith(stderr)
    assert len(result.stderr.splitlines()) == (1 if stderr else 0)
    assert "never" not in result.stdout


def test_a_bug_keeps_its_traceback():
    for body in ("raise ValueError('bug')", "raise OSError('bug')"):
        result = _run(body)
        assert result.returncode != 0
        assert "Traceback" in result.stderr


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)
