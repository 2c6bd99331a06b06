"""A copy of a network that computes in bfloat16, for passes that train nothing.

A forward pass takes about half the time where the hardware computes in bfloat16, and much longer
where it does not.
"""

import functools
import re
from collections.abc import Collection

import keras
import tensorflow as tf


def bfloat16_copy(
    model: keras.Model, last_layers: Collection[str], stored: bool = False
) -> keras.Model:
    """A network of the same layers, all but the last of which compute in bfloat16.

    Its weights are its own: `copy_weights` gives it those of `model`. The scores are the same
    whether the weights are rounded once, when they are stored, or whenever they are used.

    Args:
        model: a network or a half of it.
        last_layers: those that make the logits; they stay float32.
        stored: weights, but for the last layers', are bfloat16 and take half the bytes; else
            they are float32.
    """

    def clone(layer: keras.layers.Layer | keras.Operation) -> keras.layers.Layer | keras.Operation:
        if not isinstance(layer, keras.layers.Layer):
            return layer  # computes in the precision of what it is given
        config = layer.get_config()
        if layer.name not in last_layers and not isinstance(layer, keras.layers.InputLayer):
            config["dtype"] = "bfloat16" if stored else "mixed_bfloat16"
        return type(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=clone)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Gives a network the weights of another of the same layers, in its own precision."""
    for theirs, own in zip(source.weights, target.weights, strict=True):
        own.assign(keras.ops.cast(theirs, own.dtype))


@functools.cache
def has_native_bfloat16() -> bool:
    """Whether what TensorFlow computes on here does so in bfloat16: all GPUs, or the processor."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return all(d.get("compute_capability", (0, 0)) >= (8, 0) for d in details)
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = file.read()
    except OSError:
        return False
    # x86 and 64-bit ARM name their features so.
    return re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", flags) is not None
