"""Finds proposal methods by name."""

import importlib
import pkgutil
from collections.abc import Callable

import numpy as np

from boxsup_tf.candidates import CandidatePool
from boxsup_tf.errors import InputError
from boxsup_tf.proposals import methods
from boxsup_tf.proposals.options import ProposalOptions

Propose = Callable[[np.ndarray, np.ndarray, ProposalOptions], CandidatePool]


def method_names() -> list[str]:
    """The files of boxsup_tf/proposals/methods."""
    return sorted(module.name for module in pkgutil.iter_modules(methods.__path__))


def get_method(name: str) -> Propose:
    """The method called `name`.

    Raises:
        InputError: there is none.
    """
    if name not in method_names():
        raise InputError(f"--method={name}: expected one of {', '.join(method_names())}")
    module = importlib.import_module(f"{methods.__name__}.{name}")
    return module.propose
