"""proposals.registry: a file in methods/ is a method."""

import importlib
import pathlib

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import methods, registry
from boxsup_tf.proposals.methods import rectangle, scg


def test_methods_are_the_files():
    folder = pathlib.Path(methods.__file__).parent
    files = sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")
    assert registry.method_names() == files
    assert {"rectangle", "scg"} <= set(files)
    assert registry.get_method("rectangle") is rectangle.propose
    assert registry.get_method("scg") is scg.propose


def test_a_new_file_is_found(tmp_path, monkeypatch):
    (tmp_path / "whole_image_method.py").write_text("def propose(image, boxes, options): ...\n")
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    assert "whole_image_method" in registry.method_names()
    propose = registry.get_method("whole_image_method")
    assert propose.__module__ == "boxsup_tf.proposals.methods.whole_image_method"


@pytest.mark.parametrize("name", ["", "mcgg", "scg.py", "..registry", "__init__"])
def test_an_unknown_method_is_named_with_those_there_are(name):
    with pytest.raises(InputError, match="rectangle, .*scg") as caught:
        registry.get_method(name)
    assert f"--method={name}:" in str(caught.value)
