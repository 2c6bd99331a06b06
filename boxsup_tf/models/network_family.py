"""NetworkFamily: what is to be known of a head on a backbone; heads by name."""

import dataclasses
import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.models import networks
from boxsup_tf.plugins import united

DTYPE_POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
BATCH_NORMS = ("frozen", "trained")
KERAS_HUB = "keras_hub:"  # before a preset's name or folder


@dataclasses.dataclass(frozen=True)
class NetworkOptions:
    """What a network is built with, beside its family.

    Attributes:
        num_classes: background included.
        width_multiplier: factor of its channels.
        dropout: rate, while it is trained.
        seed: of the initial weights and of dropout.
        dtype_policy: one of `DTYPE_POLICIES`. Mixed ones compute all but the last layers in their
            half precision; weights stay float32.
        batch_norm: one of `BATCH_NORMS`, where there is any: whether a training step normalises by
            the statistics that were loaded, or by its batch's.

    Raises:
        ValueError: no such policy, or no channel would be left.
    """

    num_classes: int
    width_multiplier: float = 1.0
    dropout: float = 0.5
    seed: int = 0
    dtype_policy: str = "float32"
    batch_norm: str = "frozen"

    def __post_init__(self) -> None:
        if self.dtype_policy not in DTYPE_POLICIES:
            expected = ", ".join(DTYPE_POLICIES)
            raise ValueError(f"policy {self.dtype_policy!r}: expected one of {expected}")
        if not self.width_multiplier > 0:
            raise ValueError(f"width_multiplier must be positive, not {self.width_multiplier}")


@dataclasses.dataclass(frozen=True)
class NetworkFamily:
    """Networks of one head on one backbone, of any width and any classes.

    Attributes:
        build: from options to a model from preprocessed images, float32 [B, H, W, 3], to logits,
            float32 [B, ceil(H / stride), ceil(W / stride), num_classes], with random weights.
        load_weights: (model, init, width_multiplier) fills in initial weights from a named source
            or a file.
        stride: of the scores. With sides of side_step * n + 1, score (i, j) lies on pixel
            (stride * i, stride * j).
        side_step: whole images are padded, and crops are of sides that are, a multiple of it and 1.
        preprocess: RGB [..., 3] in 0 .. 255 to what a network is given, float32.
        mean_rgb: the colour that `preprocess` turns into 0; images are padded with it.
        block_ends: the last layer of each block that may be frozen, from the first block on.
        skips: layers whose outputs pass by the blocks behind them.
        cache_key: tells features of frozen blocks from those of other families whose layers have
            the same names and weights; empty for the networks that came first.
        last_layers: those that make the logits; their learning rate and their dtype are their own.
        margin: pixels to each side that a score depends on, at most; where every score depends on
            the whole image, those beyond which it is taken to depend little.
    """

    build: Callable[[NetworkOptions], keras.Model]
    load_weights: Callable[[keras.Model, str, float], None]
    stride: int
    side_step: int
    preprocess: Callable[[tf.Tensor], tf.Tensor]
    mean_rgb: tuple[float, float, float]
    block_ends: tuple[str, ...]
    last_layers: tuple[str, ...]
    margin: int
    skips: tuple[str, ...] = ()
    cache_key: str = ""


@dataclasses.dataclass(frozen=True)
class Head:
    """What --network names.

    Attributes:
        backbones: that it can stand on; the first is the default.
        output_strides: of the backbone, that it can work with.
        family: from one of each; a stride of 0: the backbone's first choice.
        on_keras_hub: whether it can stand on KERAS_HUB and a preset, too.
    """

    backbones: tuple[str, ...]
    output_strides: tuple[int, ...]
    family: Callable[[str, int], NetworkFamily]
    on_keras_hub: bool = False


@functools.cache
def heads() -> dict[str, Head]:
    """By the network's name."""
    return united(networks, "HEADS")


@functools.cache
def family_of(network: str, backbone: str = "", output_stride: int = 0) -> NetworkFamily:
    """The family of a network.

    Args:
        network: name of its head.
        backbone, output_stride: empty and 0: the head's default.

    Raises:
        ValueError: no network has this name.
        InputError: the head does not go with the backbone or the stride.
    """
    if network not in heads():
        raise ValueError(f"network {network!r}: expected one of {', '.join(heads())}")
    head = heads()[network]
    backbone = backbone or head.backbones[0]
    backbones, is_preset = head.backbones, backbone.startswith(KERAS_HUB)
    if head.on_keras_hub:
        backbones = (*backbones, backbone if is_preset else f"{KERAS_HUB}PRESET")
    for flag, value, possible in (
        ("backbone", backbone, backbones),
        ("output_stride", output_stride or head.output_strides[0], head.output_strides),
    ):
        if value not in possible:
            expected = ", ".join(map(str, possible))
            raise InputError(f"--{flag}={value}: expected {expected} with --network={network}")
    return head.family(backbone, output_stride)
