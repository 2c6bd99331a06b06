"""commands.command_line: dataclasses made of flags, in a process and as a user sees it."""

import dataclasses
import importlib
import pathlib
import subprocess
import sys
import typing

import pytest

from boxsup_tf import settings
from boxsup_tf.commands import cli, command_line
from boxsup_tf.commands.help_text import flags_text
from boxsup_tf.errors import InputError
from boxsup_tf.io.folder_lock import folder_lock
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.trainer import train


@dataclasses.dataclass(frozen=True)
class Place:
    """Where.

    Attributes:
        folder: where it is.
    """

    folder: str = settings.option(written=True)


@dataclasses.dataclass(frozen=True)
class Thing:
    """What.

    Attributes:
        Size:
        width: pixels.
        rate: of growth.
        rates: of parts.
        Kind:
        name: of it.
        kind: of it.
        switch: on or off.
        words: some.
        files: some, one at a time.
        tint: with a kind of odd.
        shade: with a switch.
    """

    name: str = "thing"
    width: int = settings.option(3, at_least=1)
    rate: float = 0.5
    kind: str = settings.option("soft", choices=("soft", "odd"))
    switch: bool = False
    rates: tuple[float, ...] = (1.0, 0.5)
    words: tuple[str, ...] | None = None
    files: tuple[str, ...] = settings.option((), repeated=True)
    tint: str = settings.option("", only_with="kind=odd")
    shade: int = settings.option(0, only_with="switch")


def _thing(*arguments: str) -> Thing:
    return command_line.parse([Place, Thing], ["--folder=f", *arguments])[1]


def test_flags_not_given_are_the_defaults():
    assert command_line.parse([Place, Thing], ["--folder=f"]) == [Place("f"), Thing()]


def test_every_type_of_flag_reaches_its_field():
    flags = ["--width=0", "--name=a b", "--switch", "--rate=1e-3", "--kind", "odd"]
    flags += ["--rates=3,4.5", "--words=x,y", "--files=a,b", "--files=c"]
    with pytest.raises(InputError, match="--width=0: expected at least 1"):
        _thing(*flags)
    thing = _thing(*flags, "--width=11")
    assert thing == Thing("a b", 11, 1e-3, "odd", True, (3.0, 4.5), ("x", "y"), ("a,b", "c"))
    assert [type(rate) for rate in thing.rates] == [float, float]
    assert _thing("--switch", "--noswitch") == _thing("--switch=false") == Thing()
    assert _thing("--rates=", "--words=") == Thing(rates=(), words=())


def test_flags_come_from_a_file(tmp_path):
    (tmp_path / "flags").write_text("--width=7\n# a remark\n--switch\n")
    assert _thing(f"--flagfile={tmp_path}/flags", "--width=8") == Thing(width=8, switch=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--widht=3"], "--widht: no such flag: expected --width"),
        (["--nosuch"], "--nosuch: no such flag: expected one of those that --help lists"),
        (["--width"], "Missing value for flag --width"),
        (["--width=1.5"], "--width=1.5: expected a whole number"),
        (["--rate=fast"], "--rate=fast: expected a number"),
        (["--switch=maybe"], "--switch=maybe: expected true or false"),
        (["--kind=strange"], "--kind=strange: expected one of soft, odd"),
        (["--rates=1,x"], "--rates=1,x: expected a list of float"),
        (["stray"], "unexpected argument 'stray': expected flags only (see --help)"),
        (["--tint=red"], "--tint is for --kind=odd: it has no effect with --kind=soft"),
        (["--shade=0"], "--shade has no effect without --switch"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, message):
    with pytest.raises(InputError) as caught:
        _thing(*arguments)
    assert str(caught.value) == message


def test_a_list_with_spaces_is_one_list():
    for arguments in (["--words=x,", "y", "--switch"], ["--words", "x", ",y"], ["--words", "x, y"]):
        assert _thing(*arguments).words == ("x", "y")


def test_a_pattern_that_the_shell_expanded_goes_to_its_flag():
    thing = _thing("--files", "a.jpg", "b.jpg", "c.jpg", "--width=4")
    assert thing == Thing(files=("a.jpg", "b.jpg", "c.jpg"), width=4)


def test_what_is_missing_is_said():
    with pytest.raises(InputError, match=r"^--folder is missing \(see --help\)$"):
        command_line.parse([Thing, Place], [])
    with pytest.raises(InputError, match="Unable to open flagfile: .*none"):
        _thing("--flagfile=/none")


def test_flags_with_effect_are_taken():
    assert _thing("--kind=odd", "--tint=red").tint == "red"
    assert _thing("--switch", "--shade=2").shade == 2


def test_help_groups_the_flags(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = flags_text([Place, Thing]).splitlines()
    titles = [line for line in lines if line.endswith(":") and line[0] != " "]
    assert titles == ["Required:", "Size:", "Kind:"]
    shown = [line.strip() for line in lines if line.startswith("  --")]
    assert shown == [
        *("--folder=...", "--width=3", "--rate=0.5", "--rates=1,0.5", "--name=thing"),
        *("--kind=soft", "--switch=false", "--words=...", "--files=...", "--tint=...", "--shade=0"),
    ]
    assert lines[lines.index("  --width=3") + 1] == "      Pixels. At least 1."
    assert max(map(len, lines)) <= 60


_MISSING = "error: --name is missing (see --help)"
_PROGRAM = '''
"""A program."""
import dataclasses
from boxsup_tf.commands import command_line
from boxsup_tf.errors import InputError

@dataclasses.dataclass(frozen=True)
class Options:
    """What.

    Attributes:
        name: of it.
    """

    name: str

def run(options: Options) -> None:
    if options.name == "bad":
        raise InputError("bad: expected good")
    print("name", options.name)

command_line.call(run)
'''


@pytest.mark.parametrize(
    ("argument", "status", "stdout", "stderr"),
    [
        ("--name=x", 0, "name x\n", ""),
        ("--name=bad", 1, "", "error: bad: expected good\n"),
        ("--nam=x", 1, "", "error: --nam: no such flag: expected --name\n"),
        ("--flagfile=/dev/null", 1, "", _MISSING + " (flags are also in /dev/null)\n"),
    ],
)
def test_a_program_ends_with_one_line_and_a_status(argument, status, stdout, stderr):
    done = _run(argument)
    assert (done.returncode, done.stdout, done.stderr) == (status, stdout, stderr)


def test_help_is_no_failure():
    for flag in ("--help", "-h"):
        done = _run(flag, "--nam=x")
        assert (done.returncode, done.stderr) == (0, "")
        assert "A program." in done.stdout and "--name=..." in done.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess:
    root = pathlib.Path(__file__).parents[2]
    command = [sys.executable, "-c", _PROGRAM, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root)


def test_a_folder_is_written_by_one_program_at_a_time(tmp_path):
    folder, found = tmp_path / "out", []

    def write(place: Place) -> None:
        with pytest.raises(SystemExit, match=f"error: --folder={folder}: in use by process "):
            command_line.call(write, [f"--folder={folder}"])
        found.append(place)

    for _ in range(2):
        command_line.call(write, [f"--folder={folder}"])
    assert found == [Place(str(folder))] * 2 and not folder.exists()


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_that_writes_a_folder_locks_it(name):
    command = importlib.import_module(f"boxsup_tf.commands.{name}")
    hints = typing.get_type_hints(command.run)
    kinds = [kind for parameter, kind in hints.items() if parameter != "return"]
    written = {
        field.name: field.metadata.get("written", False)
        for kind in kinds
        for field in dataclasses.fields(kind)
    }
    # reproduce() and train() lock for themselves: of several workers, one writes.
    by_function = {"reproduce": {"output_root"}, "train": {"model_dir"}}
    outputs = {"output_dir", "output_root"} | ({"model_dir"} if "train" in name else set())
    locked = {key for key, value in written.items() if value} | by_function.get(name, set())
    assert locked == outputs & written.keys()


def test_a_run_is_trained_by_one_process_at_a_time(tmp_path):
    config = TrainConfig(train_data=(f"{tmp_path}/absent:box",))
    with (
        folder_lock(str(tmp_path), "--model_dir"),
        pytest.raises(InputError, match=f"--model_dir={tmp_path}: in use by process "),
    ):
        train(str(tmp_path), config)
