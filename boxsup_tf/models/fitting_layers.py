"""Weights from another network, layer by layer."""

from collections.abc import Collection, Mapping

import keras
import numpy as np


def load_fitting(
    model: keras.Model,
    init: str,
    layers: Mapping[str, keras.layers.Layer],
    but: Collection[str] = (),
) -> None:
    """Gives a network the weights of all layers that have the same names and sizes.

    Which layers keep their own weights is printed in one line.

    Args:
        model: gets the weights.
        init: where they come from, for the line.
        layers: of another network, by the names that they have in this one.
        but: names of layers that are left alone.
    """
    theirs = {name: layer.get_weights() for name, layer in layers.items()}
    kept = []
    for layer in model.layers:
        found = theirs.get(layer.name, [])
        if not layer.weights:
            continue
        if layer.name not in but and _sizes(found) == _sizes(layer.get_weights()):
            # A kernel of one channel per group is a depthwise one with its last two axes swapped.
            pairs = zip(found, layer.weights, strict=True)
            layer.set_weights([value.reshape(own.shape) for value, own in pairs])
        else:
            kept.append(layer.name)
    if kept:
        print(f"--init={init}: not in it, or of another size or other classes: {', '.join(kept)}")


def _sizes(weights: list[np.ndarray]) -> list[int]:
    return [weight.size for weight in weights]
