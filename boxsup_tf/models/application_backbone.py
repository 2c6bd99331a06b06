"""A backbone from a model of keras.applications."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from boxsup_tf.errors import InputError, first_line
from boxsup_tf.io.local_disk import local_copy
from boxsup_tf.models.atrous_rebuild import SIDE, named_layers, rebuild
from boxsup_tf.models.backbone import Backbone
from boxsup_tf.models.fitting_layers import load_fitting
from boxsup_tf.models.network_family import NetworkOptions


def application_backbone(
    application: Callable[..., keras.Model],
    blocks: tuple[str, ...],
    low_level: str,
    preprocess: Callable[[tf.Tensor], tf.Tensor],
    mean_rgb: tuple[float, float, float],
    has_width: bool = False,
    options: Mapping[str, Any] | None = None,
    border: tuple[int, int] = (0, 0),
    low_level_crop: tuple[int, int] = (0, 0),
) -> Backbone:
    """Describes a backbone.

    Args:
        application: the function of keras.applications.
        blocks: a block ends with the last layer whose name begins so.
        low_level: the layer that gives features of stride 4, or the block, as `block2`.
        preprocess, mean_rgb: see `Backbone`.
        has_width: whether it takes an `alpha`.
        options: that the function is called with.
        border: see `rebuild`.
        low_level_crop: features of stride 4 that only this border has, above and below.
    """
    block_ends = tuple(f"block{number}" for number in range(1, len(blocks) + 1))

    def make(weights: str | None, width: float) -> keras.Model:
        if not has_width and width != 1:
            raise InputError(
                f"--width_multiplier={width:g}: expected 1: --backbone={application.__name__} "
                "comes in one width"
            )
        alpha = {"alpha": width} if has_width else {}
        shape = (SIDE, SIDE, 3)
        return application(
            include_top=False, weights=weights, input_shape=shape, **alpha, **(options or {})
        )

    def build(output_stride: int, network: NetworkOptions) -> keras.Model:
        original = make(None, network.width_multiplier)
        ends = {_last(original, p): e for p, e in zip(blocks, block_ends, strict=True)}
        model = rebuild(original, output_stride, network, ends, border)
        low = model.get_layer(low_level).output
        if any(low_level_crop):
            crop = keras.layers.Cropping2D((low_level_crop, low_level_crop), name="low_level_crop")
            low = crop(low)
        return keras.Model(model.input, [low, model.get_layer(block_ends[-1]).output])

    def load_weights(model: keras.Model, init: str, width: float) -> None:
        if init == "random":
            return
        try:
            with local_copy(init) as local:
                source = make(local, width)
        except Exception as error:  # Keras raises a bare Exception when a download fails.
            what = "Keras' own weights" if init == "imagenet" else "a file of its weights"
            raise InputError(
                f"--init={init}: expected {what} of {application.__name__} without its "
                f"classifier: {first_line(error)}"
            ) from None
        load_fitting(model, init, named_layers(source))

    return Backbone(
        build=build,
        load_weights=load_weights,
        preprocess=preprocess,
        mean_rgb=mean_rgb,
        block_ends=lambda _: block_ends,
        low_level=low_level,
    )


def _last(model: keras.Model, prefix: str) -> str:
    """The last layer whose name begins so; the prefix itself where there is none."""
    names = [layer.name for layer in model.layers if layer.name.startswith(prefix)]
    return names[-1] if names else prefix
