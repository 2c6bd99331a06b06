"""fuzz.py in short: a few damaged inputs of every reader."""

import json
import pathlib
import subprocess
import sys

_ROOT = pathlib.Path(__file__).parents[2]


def test_no_damaged_input_is_more_than_an_error(tmp_path):
    command = [sys.executable, "benchmarks/fuzz.py", f"--json={tmp_path}/fuzz.json", "--inputs=70"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "fuzz.json").read_text())
    total = found["total"]
    assert total["tried"] == total["clean"] + total["accepted_right"] == 70, found
    assert all(reader["clean"] for reader in found["readers"].values()), found
