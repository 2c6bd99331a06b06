"""benchmarks/kill.py: what it calls equal, and a short run."""

import json
import pathlib
import sys

import numpy as np
import pytest

_ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(_ROOT / "benchmarks"))
from kill_programs import contents, differences, state

from tests.forked import run


@pytest.fixture
def folders(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name / "masks").mkdir(parents=True)
        (tmp_path / name / "masks" / "a.png").write_bytes(b"mask")
        value = {"loss": 0.5, "seconds_predict": len(name), "epochs": [{"time": name, "miou": 1}]}
        (tmp_path / name / "metrics.json").write_text(json.dumps(value))
    (tmp_path / "one" / "seconds.json").write_text("{}")
    return tmp_path / "one", tmp_path / "other"


def test_times_are_not_compared(folders):
    one, other = (contents(str(folder)) for folder in folders)
    assert differences(one, other) == [] and set(one) == {"masks/a.png", "metrics.json"}


def test_what_differs_or_is_left_over_is_named(folders):
    one = contents(str(folders[0]))
    (folders[1] / "masks" / "a.png").write_bytes(b"musk")
    (folders[1] / "metrics.json").write_text(json.dumps({"loss": 0.51, "epochs": [{"miou": 1}]}))
    (folders[1] / "a.json.7.tmp").touch()
    assert differences(one, contents(str(folders[1]))) == [
        *("a.json.7.tmp", "masks/a.png", "metrics.json"),
    ]
    weights = {"w": np.array([1, 1, np.nan])}  # not a number: of a class that was never seen
    assert differences({"v": weights}, {"v": {"w": np.array([1.0001, 1, np.nan])}}) == []
    assert differences({"v": weights}, {"v": {"w": np.full(3, 1.01)}}) == ["v"]


def test_every_change_of_a_file_is_progress(tmp_path):
    states = [state(str(tmp_path / "absent")), state(str(tmp_path))]
    (tmp_path / "a").write_text("1")
    states.append(state(str(tmp_path)))
    (tmp_path / "a").rename(tmp_path / "b")
    states.append(state(str(tmp_path)))
    assert states[0] == states[1] and len(set(states)) == 3


def test_a_killed_program_goes_on(tmp_path):
    json_file = tmp_path / "kill.json"
    flags = [f"--json={json_file}", "--programs=prepare", "--kills=1", "--seed=3"]
    run(["benchmarks/kill.py", *flags])
    found = json.loads(json_file.read_text())
    assert found["equal"] == found["kills"] == 1 and found["left"] == found["missed"] == 0
