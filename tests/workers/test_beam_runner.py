"""workers.beam_runner: Beam's flags, and items that are worked through in its processes."""

import functools
import os
import pathlib

import pytest

from boxsup_tf.errors import InputError
from tests.conftest import REPOSITORY
from tests.workers.worker_functions import leave_mark

pytest.importorskip("apache_beam", reason="apache-beam is not installed")

from boxsup_tf.workers.beam_runner import BeamRunner


@pytest.mark.parametrize(
    ("beam_args", "message"),
    [
        ("--direct_numworkers=2", "--beam_args: --direct_numworkers: no such flag of Apache Beam"),
        ("--direct_num_workers=x", "argument --direct_num_workers: invalid int value: 'x'$"),
        ("two workers", "--beam_args: 'two': expected --NAME=VALUE"),
        ("--runner='Dask", "No closing quotation"),
        ("--runner=Sparkle", "--beam_args: --runner=Sparkle: .*Valid values are DataflowRunner"),
        ("--runner=no.such.Runner", "--beam_args: --runner=no.such.Runner: No module named 'no'"),
        ("--dask_npartitions=2 --dask_partition_size=2", "not allowed with argument"),
    ],
)
def test_wrong_flags_are_named(beam_args, message, capfd):
    with pytest.raises(InputError, match=message) as caught:
        BeamRunner(beam_args)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def _fail_by(kind: type[BaseException], _item: str) -> None:
    raise kind("in the midst")


@pytest.mark.parametrize(("kind", "is_logged"), [(KeyboardInterrupt, False), (RuntimeError, True)])
def test_an_interrupt_shows_no_traceback_and_an_error_does(kind, is_logged, caplog):
    with pytest.raises(kind):
        BeamRunner("--direct_running_mode=in_memory").run(functools.partial(_fail_by, kind), ["a"])
    assert ("in the midst" in caplog.text) == is_logged


def test_every_item_is_worked_at_in_one_of_several_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    runner = BeamRunner("--direct_running_mode=multi_processing --direct_num_workers=2")
    items = [str(tmp_path / str(number)) for number in range(6)]
    runner.run(leave_mark, items)
    marks = [pathlib.Path(item).read_text() for item in items]
    assert len(set(marks)) == 2 and str(os.getpid()) not in marks


def test_a_function_that_fails_ends_the_run(tmp_path):
    with pytest.raises(Exception, match="no_such_folder"):
        BeamRunner("--runner=FnApiRunner").run(leave_mark, [str(tmp_path / "no_such_folder/0")])
