"""Architecture: what decides the shapes of a network's weights, and config.json, which says it."""

import dataclasses
import os
from typing import Any, TypedDict

from boxsup_tf.io.json_file import parse_json, read_json
from boxsup_tf.labels import VOID
from boxsup_tf.models.network_family import heads
from boxsup_tf.schema import check_type

CONFIG_FILE = "config.json"  # in a run's folder
MAX_WIDTH = 4.0  # times a network's channels; its weights grow by the square
_EXPECTED = "a run's settings, which train.py wrote"


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What decides the shapes of a network's weights, and what its outputs mean.

    Attributes:
        network: its name, see `network_family.heads`.
        width_multiplier: factor of its channels.
        class_names: background first.
        backbone, output_stride: empty and 0: those that the network has by default.
    """

    network: str
    width_multiplier: float
    class_names: tuple[str, ...]
    backbone: str = ""
    output_stride: int = 0

    @property
    def known_backbone(self) -> str:
        """Its name, also where it is the network's default."""
        return self.backbone or heads()[self.network].backbones[0]

    def __str__(self) -> str:
        parts = [f"network {self.network}"]
        if self.backbone:
            parts.append(f"backbone {self.backbone}")
        if self.output_stride:
            parts.append(f"output stride {self.output_stride}")
        return ", ".join(
            [*parts, f"width {self.width_multiplier:g}", f"{len(self.class_names)} classes"]
        )


class _Choices(TypedDict, total=False):
    network: str
    backbone: str
    output_stride: int


class _Settings(_Choices):
    width_multiplier: float
    class_names: list[str]


def read_settings(model_dir: str) -> dict[str, Any]:
    """The settings that a run was made with.

    Raises:
        InputError: the folder holds no run, or a damaged config.json.
    """
    return read_json(os.path.join(model_dir, CONFIG_FILE), _EXPECTED)


def read_architecture(model_dir: str) -> Architecture:
    """That of the network in a run's folder.

    Raises:
        InputError: see `read_settings`; or config.json is not a run's.
    """

    def parse(settings: dict[str, Any]) -> Architecture:
        check_type(settings, _Settings, "")
        # The first runs had no choice of a network, those after them none of a backbone.
        network, width = settings.get("network", "largefov"), settings["width_multiplier"]
        names = tuple(settings["class_names"])
        if network not in heads():
            raise ValueError(f"network is {network!r}: expected one of {', '.join(heads())}")
        if not 0 < width <= MAX_WIDTH:
            raise ValueError(f"width_multiplier is {width}: expected up to {MAX_WIDTH}")
        if not 1 <= len(set(names)) == len(names) <= VOID:
            raise ValueError(f"{len(names)} class_names: expected up to {VOID}, all different")
        backbone, output_stride = settings.get("backbone", ""), settings.get("output_stride", 0)
        return Architecture(network, width, names, backbone, output_stride)

    return parse_json(os.path.join(model_dir, CONFIG_FILE), _EXPECTED, parse)
