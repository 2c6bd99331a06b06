"""proposals.sam.loading: which back end a model has."""

import subprocess
import sys

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals.sam.loading import load
from tests.conftest import REPOSITORY

_WITHOUT = """
import sys
sys.modules["keras_hub"] = None
from boxsup_tf.errors import shown_in_one_line
from boxsup_tf.proposals.sam.loading import load
with shown_in_one_line():
    load(sys.argv[1])
"""


@pytest.mark.parametrize("model", ["sam_base_sa1b", "."])
def test_without_keras_hub_it_says_what_to_install(model, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT, model],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY)},
    )
    assert run.returncode == 1
    assert "the module keras_hub is missing: expected it after `pip install" in run.stderr
    assert run.stderr.startswith("error: --sam_model=") or "\nerror: --sam_model=" in run.stderr


@pytest.mark.parametrize("name", ["no/such/folder", "a_file"])
def test_what_is_no_folder_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").write_text("")
    with pytest.raises(InputError, match=f"--sam_model={name}: no folder: expected a folder of"):
        load(name)


def test_a_misspelt_preset_is_not_looked_for_elsewhere():
    pytest.importorskip("keras_hub")
    with pytest.raises(InputError, match="--sam_model=sam_bas: no folder: .* or sam_base_sa1b, "):
        load("sam_bas")
