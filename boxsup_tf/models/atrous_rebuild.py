"""Rebuilds a network of keras.applications with another output stride, by atrous convolution.

L.-C. Chen et al., DeepLab (arXiv 1606.00915), Sec. 3.1: where a layer no longer takes every second
pixel, the layers behind it have their kernels' taps twice as far apart. At the pixels that the
original has features of, these are the same. Only what averages over the whole image, as
squeeze-and-excitation does, averages over more features now.
"""

import collections
import re
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from boxsup_tf.models.atrous import AtrousConv2D
from boxsup_tf.models.batch_norm import batch_normalization
from boxsup_tf.models.network_family import NetworkOptions

SIDE = 512  # of the images that the original must be built for, so that strides can be read off

_NUM_SEEDS = 4096


def rebuild(
    original: keras.Model,
    output_stride: int,
    options: NetworkOptions,
    block_ends: dict[str, str],
    border: tuple[int, int] = (0, 0),
) -> keras.Model:
    """The same network for images of any size, with random weights of its own seeds.

    Differences beside the strides: borders of zeros in front of strided layers are symmetric, as
    Keras has them for odd sides; convolutions of one channel per group are depthwise ones, which
    the CPU can train; stochastic depth is left out.

    Args:
        original: for images of SIDE x SIDE pixels.
        output_stride: 8, 16 or 32.
        options: dtype_policy, batch_norm and seed count.
        block_ends: by the name of a layer, the name for an identity layer that is put behind it.
            Layers without a name of their own are called by their kind and number, as `add_0`.
        border: zeros around the images, above and to the left, below and to the right.

    Returns:
        A model whose layers with weights have the original's names; from images to the output.
    """
    seeds = iter(np.random.SeedSequence(options.seed).generate_state(_NUM_SEEDS).tolist())
    name_of = Namer()

    def rebuilt(layer: keras.layers.Layer, stride: int) -> keras.layers.Layer:
        config = own_config(layer, name_of(layer), options.dtype_policy, seeds)
        rate = max(1, stride // output_stride)
        if isinstance(layer, keras.layers.BatchNormalization):
            return batch_normalization(options.batch_norm, **config)
        if isinstance(layer, keras.layers.Dropout):
            config["rate"] = 0.0
        if isinstance(layer, keras.layers.ZeroPadding2D):
            config["padding"] = [rate * below for _, below in layer.padding]
        strides = max(getattr(layer, "strides", (1, 1)))
        if strides > 1 and strides * stride > output_stride:
            config["strides"] = (1, 1)
        if max(getattr(layer, "kernel_size", (1, 1))) > 1:
            config["dilation_rate"] = (rate, rate)
        if not isinstance(layer, keras.layers.Conv2D):
            return type(layer).from_config(config)
        if layer.groups > 1:
            return _depthwise(config)
        return AtrousConv2D.from_config(config)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, keras.Model):
            outputs = args[0]
            if outputs is images and any(border):
                outputs = keras.layers.ZeroPadding2D((border, border), name="border")(outputs)
            for part in layers_of(layer):
                new = rebuilt(part, _stride(layer))
                outputs = new(outputs)
        elif isinstance(layer, keras.layers.Layer):
            new = rebuilt(layer, _stride(layer))
            outputs = new(*args, **kwargs)
        elif _kind(layer) == "add" and all(isinstance(a, keras.KerasTensor) for a in args):
            new = keras.layers.Add(name=name_of(layer), dtype=options.dtype_policy)
            outputs = new(list(args))
        else:
            return layer(*args, **kwargs)
        if new.name in block_ends:
            outputs = end_block(outputs, block_ends[new.name])
        return outputs

    images = images_input()
    return called_anew(original, images, call)


def images_input() -> keras.KerasTensor:
    """Preprocessed images of any size."""
    return keras.Input([None, None, 3], dtype="float32", name="images")


def called_anew(
    original: keras.Model, images: keras.KerasTensor, call: Callable[..., Any]
) -> keras.Model:
    """A model whose every operation is `call(layer, *args, **kwargs)` in place of the original's.

    Args:
        original: of which `call` is given the layers and operations, in their order.
        images: see `images_input`.
        call: gives the outputs.
    """
    return keras.models.clone_model(
        original, images, clone_function=lambda layer: layer, call_function=call
    )


def end_block(outputs: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The same outputs, of a layer of this name."""
    return keras.layers.Identity(name=name, dtype=outputs.dtype)(outputs)


def own_config(
    layer: keras.layers.Layer, name: str, dtype_policy: str, seeds: Iterator[int]
) -> dict[str, Any]:
    """A layer's configuration, for another of this name and policy, with seeds of its own."""
    config = layer.get_config() | {"name": name, "dtype": dtype_policy}
    for key, value in config.items():
        if key.endswith("_initializer") and "seed" in (value or {}).get("config", {}):
            config[key] = value | {"config": value["config"] | {"seed": next(seeds)}}
    return config


class Namer:
    """Names layers that were given no name by their kind and number, alike in every process."""

    def __init__(self) -> None:
        self._numbers: collections.Counter[str] = collections.Counter()

    def __call__(self, layer: Any) -> str:
        kind = _kind(layer)
        if not re.fullmatch(rf"{kind}(_\d+)?", layer.name):
            return layer.name
        self._numbers[kind] += 1
        return f"{kind}_{self._numbers[kind] - 1}"


def named_layers(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """The layers of a model by the names that they have in one that was rebuilt from it."""
    name_of = Namer()
    return {name_of(layer): layer for layer in layers_of(model)}


def layers_of(model: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """The layers of a model, and of models in it; of another layer itself."""
    if isinstance(model, keras.Model):
        for layer in model.layers:
            if not isinstance(layer, keras.layers.InputLayer):
                yield from layers_of(layer)
    else:
        yield model


def _stride(layer: keras.layers.Layer) -> int:
    """Of what a layer is given; borders make it a little larger than SIDE / stride."""
    tensor = layer.input[0] if isinstance(layer.input, list) else layer.input
    return 2 ** round(np.log2(SIDE / tensor.shape[1]))


def _kind(layer: Any) -> str:
    """The name that Keras gives a layer which was given none."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _depthwise(config: dict[str, Any]) -> keras.layers.DepthwiseConv2D:
    kept = ("name", "dtype", "kernel_size", "strides", "padding", "dilation_rate", "use_bias")
    initializer = {"depthwise_initializer": config["kernel_initializer"]}
    return keras.layers.DepthwiseConv2D(**{key: config[key] for key in kept}, **initializer)
