"""proposals.registry: a file in methods/ is a method."""

import importlib
import pathlib

import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import methods, registry
from boxsup_tf.proposals.methods import rectangle, scg

WHOLE_IMAGE = """
import dataclasses
import numpy as np
from boxsup_tf.pools.candidates import CandidatePool

@dataclasses.dataclass(frozen=True)
class Options:
    label: int = 0

def propose(inputs, options):
    masks = np.ones((1, *inputs.image.shape[:2]), bool)
    return CandidatePool.from_masks(masks, f"whole {options.label}")
"""


def test_methods_are_the_files():
    folder = pathlib.Path(methods.__file__).parent
    files = sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")
    assert registry.method_names() == files
    assert {"rectangle", "scg"} <= set(files)
    assert registry.get_method("rectangle") is rectangle
    assert registry.get_method("scg") is scg


def test_a_new_file_is_found(tmp_path, monkeypatch):
    (tmp_path / "whole_image_method.py").write_text(WHOLE_IMAGE)
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    assert "whole_image_method" in registry.method_names()
    pool = registry.propose(np.zeros((4, 5, 3), np.uint8), "whole_image_method", label=3)
    assert pool.method == "whole 3" and pool.mask(0).sum() == 20


@pytest.mark.parametrize("name", ["", "mcgg", "scg.py", "..registry", "__init__"])
def test_an_unknown_method_is_named_with_those_there_are(name):
    with pytest.raises(InputError, match="rectangle, .*scg") as caught:
        registry.get_method(name)
    assert f"--method={name}:" in str(caught.value)


def test_options_are_made_from_what_is_given():
    assert registry.make_options("scg", {"min_area": 7}).min_area == 7
    with pytest.raises(InputError, match="--sigma: --method=rectangle does not know it: .*no opt"):
        registry.make_options("rectangle", {"sigma": 1.0})
    with pytest.raises(
        InputError, match="--spam: --method=scg .* expected --edge_model, --edges, .*--sigma"
    ):
        registry.make_options("scg", {"spam": 1.0})


@pytest.mark.parametrize(
    ("image", "boxes", "message"),
    [
        (np.zeros((4, 5), np.uint8), None, "image is uint8 .4, 5."),
        (np.zeros((4, 5, 3), np.float32), None, "image is float32"),
        (np.zeros((0, 5, 3), np.uint8), None, "image is uint8 .0, 5, 3."),
        (np.zeros((4, 5, 3), np.uint8), np.zeros((2, 5)), "boxes are .2, 5."),
    ],
)
def test_what_is_no_image_or_no_boxes_is_refused(image, boxes, message):
    with pytest.raises(ValueError, match=message):
        registry.propose(image, "rectangle", boxes)
