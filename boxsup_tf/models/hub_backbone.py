"""A backbone from keras-hub: a preset, or a folder that holds one, with feature pyramids.

Its features of stride 4 and of the output stride are taken as they are, without atrous convolution.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError, first_line, require
from boxsup_tf.io.local_disk import local_copy
from boxsup_tf.models.atrous_rebuild import (
    Namer,
    called_anew,
    end_block,
    images_input,
    named_layers,
    own_config,
)
from boxsup_tf.models.backbone import Backbone
from boxsup_tf.models.batch_norm import batch_normalization
from boxsup_tf.models.fitting_layers import load_fitting
from boxsup_tf.models.network_family import KERAS_HUB, NetworkOptions
from boxsup_tf.models.preprocessing import TORCH_MEAN_RGB, torch_rgb

_LEVELS = {32: ("P2", "P3", "P4", "P5"), 16: ("P2", "P3", "P4"), 8: ("P2", "P3")}
_SIDE = 129


@functools.cache
def hub_backbone(preset: str) -> Backbone:
    """Describes a backbone; blocks that may be frozen end with the levels it is used up to.

    Args:
        preset: name, handle or folder, as keras-hub takes it.

    Raises:
        InputError: keras-hub is missing, or knows no such preset.
    """
    flag = f"--backbone={KERAS_HUB}{preset}"
    require("keras_hub", "pip install 'boxsup_tf[keras-hub]'", flag)
    import keras_hub  # an extra

    def make(with_weights: bool = False) -> keras.Model:
        with _one_line(flag):
            made = keras_hub.models.Backbone.from_preset(preset, load_weights=with_weights)
        if not {"P2", "P3"} <= getattr(made, "pyramid_outputs", {}).keys():
            raise InputError(f"{flag}: a {type(made).__name__}: expected one with feature pyramids")
        return made

    def build(output_stride: int, options: NetworkOptions) -> keras.Model:
        if options.width_multiplier != 1:
            raise InputError(f"--width_multiplier={options.width_multiplier:g}: expected 1: {flag}")
        original, levels = make(), _LEVELS[output_stride]
        missing = set(levels) - original.pyramid_outputs.keys()
        if missing:
            raise InputError(
                f"{flag}: lacks {', '.join(sorted(missing))}: expected --output_stride=8 or 16"
            )
        tensors = [original.pyramid_outputs[level] for level in levels]
        model = _copy(keras.Model(original.input, tensors), tensors, options)
        _check_grid(model, output_stride, flag)
        return keras.Model(model.input, [model.outputs[0], model.outputs[-1]])

    def load_weights(model: keras.Model, init: str, _: float) -> None:
        if init == "random":
            return
        source = make(with_weights=init == "imagenet")
        if init != "imagenet":
            try:
                with local_copy(init) as local:
                    source.load_weights(local)
            except (OSError, ValueError, KeyError) as error:
                raise InputError(
                    f"--init={init}: expected weights of {flag}: {first_line(error)}"
                ) from None
        load_fitting(model, init, named_layers(source))

    with _one_line(flag):
        preprocess, mean_rgb = _preprocessing(keras_hub, preset)
    return Backbone(
        build=build,
        load_weights=load_weights,
        preprocess=preprocess,
        mean_rgb=mean_rgb,
        block_ends=lambda stride: tuple(f"block{n + 1}" for n in range(len(_LEVELS[stride]))),
        low_level="block1",
        output_strides=(32, 16, 8),
    )


@contextlib.contextmanager
def _one_line(flag: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # keras-hub raises many kinds, those of its downloads among them
        raise InputError(f"{flag}: expected a preset of keras-hub: {first_line(error)}") from None


def _copy(original: keras.Model, ends: list, options: NetworkOptions) -> keras.Model:
    """The same layers in our precision, with our seeds; `ends` pass layers block1, block2, ..."""
    name_of, seeds = Namer(), itertools.count(options.seed * 10_000)
    blocks: dict[str, str] = {}
    for number, tensor in enumerate(ends, start=1):
        (layer,) = (layer for layer in original.layers if layer.output is tensor)
        blocks[layer.name] = f"block{number}"

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(layer, keras.layers.Layer):
            return layer(*args, **kwargs)
        config = own_config(layer, name_of(layer), options.dtype_policy, seeds)
        if isinstance(layer, keras.layers.BatchNormalization):
            new = batch_normalization(options.batch_norm, **config)
        else:
            new = type(layer).from_config(config)
        outputs = new(*args, **kwargs)
        if layer.name in blocks:
            outputs = end_block(outputs, blocks[layer.name])
        return outputs

    return called_anew(original, images_input(), call)


def _check_grid(model: keras.Model, output_stride: int, flag: str) -> None:
    shapes = [tensor.shape[1] for tensor in model(keras.Input([_SIDE, _SIDE, 3]))]
    for side, stride in ((shapes[0], 4), (shapes[-1], output_stride)):
        if side != (_SIDE - 1) // stride + 1:
            raise InputError(
                f"{flag}: of {_SIDE} pixels, its features of stride {stride} see {side}: expected "
                f"{(_SIDE - 1) // stride + 1}, one at either end"
            )


def _preprocessing(
    keras_hub: Any, preset: str
) -> tuple[Callable[[tf.Tensor], tf.Tensor], tuple[float, float, float]]:
    """The preset's own; ImageNet's mean and deviation where it has none."""
    try:
        converter = keras_hub.layers.ImageConverter.from_preset(preset)
    except FileNotFoundError:
        return torch_rgb, TORCH_MEAN_RGB
    scale = np.broadcast_to(1.0 if converter.scale is None else converter.scale, 3)
    offset = np.broadcast_to(0.0 if converter.offset is None else converter.offset, 3)
    red, green, blue = (-offset / scale).tolist()
    factors, terms = scale.astype(np.float32), offset.astype(np.float32)
    return lambda images: tf.cast(images, tf.float32) * factors + terms, (red, green, blue)
