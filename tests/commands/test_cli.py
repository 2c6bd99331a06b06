"""commands.cli: the commands by name."""

import ast
import pathlib
import subprocess
import sys

import pytest

from boxsup_tf import commands
from boxsup_tf.commands import cli

_ROOT = pathlib.Path(__file__).parents[2]
_NO_COMMANDS = {"__init__", "cli", "command_line", "help_text", "next_step", "stopping"}


def _boxsup(monkeypatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["boxsup", *arguments])
    cli.main()


def _doc(path: pathlib.Path) -> str:
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert doc
    return doc.splitlines()[0]


def test_every_file_is_a_command_and_has_a_script():
    folder = pathlib.Path(commands.__path__[0])
    assert {path.stem for path in folder.glob("*.py")} == {*cli.COMMANDS, *_NO_COMMANDS}
    scripts = {path.stem for path in (_ROOT / "scripts").glob("*.py")}
    assert scripts == {*cli.COMMANDS, "summarize_demo"}
    for name in cli.COMMANDS:
        assert _doc(_ROOT / "scripts" / f"{name}.py") == _doc(folder / f"{name}.py")


def test_the_overview_is_quick():
    code = "from boxsup_tf.commands.cli import main; import sys; sys.argv = ['boxsup', '--help']; "
    code += "main(); print(sorted({'tensorflow', 'numpy'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=_ROOT
    )
    assert done.returncode == 0, done.stderr
    *lines, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    listed = [line.split(maxsplit=1) for line in lines if line.startswith("  ")]
    folder = _ROOT / "boxsup_tf" / "commands"
    assert listed == [[name, _doc(folder / f"{name}.py")] for name in cli.COMMANDS]


def test_without_a_command_there_is_the_overview(monkeypatch, capsys):
    _boxsup(monkeypatch)
    assert capsys.readouterr().out.startswith("usage: boxsup COMMAND")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("trian", "train"), ("eval", "evaluate"), ("xyz", "a command (see boxsup --help)")],
)
def test_an_unknown_command_ends_in_one_line(name, expected, monkeypatch):
    with pytest.raises(SystemExit) as ended:
        _boxsup(monkeypatch, name)
    assert ended.value.code == f"error: {name!r}: no such command: expected {expected}"


def test_a_command_gets_its_flags(monkeypatch):
    with pytest.raises(SystemExit) as ended:
        _boxsup(monkeypatch, "train", "--model_dir=m", "--train_data=d:box", "--k=0")
    assert ended.value.code == "error: --k=0: expected at least 1"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_documents_every_flag(name, monkeypatch, capsys):
    _boxsup(monkeypatch, name, "--help")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"usage: boxsup {name} --")
    assert "Required:" in lines and "Default ." not in "\n".join(lines)
    flags = [number for number, line in enumerate(lines) if line.startswith("  --")]
    names = [lines[number].split("=")[0] for number in flags]
    assert len(set(names)) == len(names) >= 2
    assert all(lines[number + 1].startswith("      ") for number in flags)
