"""NetworkFamily: what is to be known of networks that share a backbone; families by name."""

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Callable

import keras
import tensorflow as tf

from boxsup_tf.models import networks

DTYPE_POLICIES = ("float32", "mixed_bfloat16")


@dataclasses.dataclass(frozen=True)
class NetworkFamily:
    """Networks that share a backbone.

    Attributes:
        names: of its networks, as --network takes them.
        build: (name, num_classes, width_multiplier, dropout, seed, dtype_policy) to a model from
            preprocessed images, float32 [B, H, W, 3], to logits, float32
            [B, ceil(H / stride), ceil(W / stride), num_classes], with random weights.
        load_weights: (model, init) fills in initial weights from a named source or a file.
        stride: output stride. With sides of stride * n + 1, score (i, j) lies on pixel
            (stride * i, stride * j).
        preprocess: RGB [..., 3] in 0 .. 255 to what a network is given, float32.
        mean_rgb: the colour that `preprocess` turns into 0; images are padded with it.
        block_ends: the last layer of each block that may be frozen, from the first block on.
        last_layer: the layer that makes the logits; its learning rate and its dtype are its own.
        margin: pixels to each side that a score depends on, at most.
    """

    names: tuple[str, ...]
    build: Callable[[str, int, float, float, int, str], keras.Model]
    load_weights: Callable[[keras.Model, str], None]
    stride: int
    preprocess: Callable[[tf.Tensor], tf.Tensor]
    mean_rgb: tuple[float, float, float]
    block_ends: tuple[str, ...]
    last_layer: str
    margin: int


@functools.cache
def families() -> dict[str, NetworkFamily]:
    """The family of each network, by the network's name."""
    found: dict[str, NetworkFamily] = {}
    for module in pkgutil.iter_modules(networks.__path__):
        family = importlib.import_module(f"{networks.__name__}.{module.name}").FAMILY
        found |= dict.fromkeys(family.names, family)
    return found


def family_of(network: str) -> NetworkFamily:
    """The family of a network.

    Raises:
        ValueError: no network has this name.
    """
    if network not in families():
        raise ValueError(f"network {network!r}: expected one of {', '.join(families())}")
    return families()[network]
