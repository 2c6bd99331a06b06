"""workers.runner: what is said where Beam is missing, or not known."""

import importlib.util

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.workers.runner import make_runner


def test_the_local_program_needs_no_runner():
    assert make_runner("local") is None


def test_without_beam_the_way_to_it_is_told(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "apache_beam" else found(name)
    )
    with pytest.raises(InputError) as caught:
        make_runner("beam")
    assert str(caught.value) == (
        "--runner=beam: the module apache_beam is missing: expected it after "
        "`pip install 'boxsup_tf[beam]'`"
    )


def test_an_unknown_runner():
    with pytest.raises(InputError, match="--runner=spark: expected one of local, beam"):
        make_runner("spark")
