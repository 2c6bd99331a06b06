"""Architecture: what decides the shapes of a network's weights, and config.json, which says it."""

import dataclasses
import os
from typing import Any

from boxsup_tf.io.json_file import parse_json, read_json
from boxsup_tf.models.network_family import heads

CONFIG_FILE = "config.json"  # in a run's folder
_EXPECTED = "a run's settings, which train.py wrote"


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What decides the shapes of a network's weights, and what its outputs mean.

    Attributes:
        network: its name, see `network_family.families`.
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
        # The first runs had no choice of a network, those after them none of a backbone.
        network = settings.get("network", "largefov")
        return Architecture(
            network,
            settings["width_multiplier"],
            tuple(settings["class_names"]),
            settings.get("backbone", ""),
            settings.get("output_stride", 0),
        )

    return parse_json(os.path.join(model_dir, CONFIG_FILE), _EXPECTED, parse)
