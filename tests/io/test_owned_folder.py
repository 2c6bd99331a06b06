"""What a folder that belongs to one set of settings takes for the same, and what it refuses."""

import os
import re

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.io.owned_folder import OwnedFolder

SETTINGS = {"scales": (1.0, 1.5), "crf": None, "weights": "a"}


def test_settings_that_json_changes_are_still_the_same(tmp_path):
    folder = OwnedFolder(str(tmp_path / "out"), "x.json", "predictions", "x.py")
    assert folder.read() is None
    folder.write(SETTINGS)
    assert folder.read() == SETTINGS | {"scales": [1.0, 1.5]}
    assert os.listdir(folder.path) == ["x.json"]
    folder.check(folder.read() or {}, SETTINGS)
    folder.check({"scales": [1.0, 1.5], "weights": "a"}, SETTINGS)  # what is missing is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "b"}, "weights = 'a': expected 'b'"),
        ({"scales": (1.0,)}, "scales = [1.0, 1.5]: expected [1.0]"),
        ({"added": 3}, "added = None: expected 3"),
    ],
)
def test_what_differs_is_named_unless_it_is_free(tmp_path, changes, message):
    folder = OwnedFolder(str(tmp_path), "x.json", "a run", "x.py", "--model_dir")
    whole = f"{tmp_path}: holds a run with {message}; choose another --model_dir or delete it"
    with pytest.raises(InputError, match=re.escape(whole)):
        folder.check(SETTINGS, SETTINGS | changes)
    folder.check(SETTINGS, SETTINGS | changes, free=changes.keys())
    with pytest.raises(InputError, match="holds a run with weights = 'a': expected None"):
        folder.check(SETTINGS, {"scales": (1.0, 1.5)})


def test_a_damaged_file_is_named(tmp_path):
    folder = OwnedFolder(str(tmp_path), "x.json", "a run", "x.py")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(InputError, match=r"x\.json: expected a file that x\.py wrote"):
        folder.read()
