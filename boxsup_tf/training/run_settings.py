"""config.json of a run's folder: what made the run, and whether a command goes on with it."""

import dataclasses
import importlib.metadata
import json
import os
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io.json_file import write_json
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.records.dataset_info import check_same_classes
from boxsup_tf.training.config import TrainConfig

CONFIG_FILE = "config.json"
_PACKAGES = ("boxsup_tf", "tensorflow", "keras", "numpy")
# Settings that may change between a run and its resumption without changing what it learns.
_FREE = (
    *("epochs", "validate_every", "checkpoint_minutes", "keep_checkpoints", "num_pictures"),
    "feature_cache",
)


def open_run(
    model_dir: str, config: TrainConfig, class_names: tuple[str, ...], digests: list[str]
) -> None:
    """Makes a run's folder, or checks that an existing one belongs to this very run.

    Args:
        digests: of the training sources and the validation data.

    Raises:
        InputError: the folder holds a run with other settings, data or classes; or another
            number of epochs where the learning rate depends on it.
    """
    settings = dataclasses.asdict(config) | {
        "class_names": list(class_names),
        "data_digests": digests,
    }
    path = os.path.join(model_dir, CONFIG_FILE)
    if os.path.exists(path):
        _check_same_run(model_dir, read_settings(model_dir), settings)
    os.makedirs(model_dir, exist_ok=True)
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    write_json(path, settings | {"versions": versions})


def read_settings(model_dir: str) -> dict[str, Any]:
    """The settings that a run was made with.

    Raises:
        InputError: the folder holds no run, or a damaged config.json.
    """
    path = os.path.join(model_dir, CONFIG_FILE)
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError:
        raise InputError(f"{path}: not found: expected a folder written by train.py") from None
    except ValueError as error:
        raise InputError(f"{path}: damaged: {error}") from None


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What decides the shapes of a network's weights, and what its outputs mean.

    Attributes:
        network: its kind.
        width_multiplier: of its channels.
        class_names: background first.
    """

    network: str
    width_multiplier: float
    class_names: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"network {self.network}, width {self.width_multiplier:g}, "
            f"{len(self.class_names)} classes"
        )

    def check_same(self, folder: str, found: "Architecture") -> None:
        """Makes sure that another run's weights are weights of this network.

        Args:
            folder: of the other run, for the message.

        Raises:
            InputError: naming both.
        """
        if str(found) != str(self):
            raise InputError(f"{folder}: holds a {found}: expected {self}")
        check_same_classes("the training data", self.class_names, folder, found.class_names)


def architecture_of(config: TrainConfig, class_names: tuple[str, ...]) -> Architecture:
    """That of a run's network."""
    return Architecture(config.network, config.width_multiplier, class_names)


def read_architecture(model_dir: str) -> Architecture:
    """That of the network in a run's folder.

    Raises:
        InputError: see `read_settings`; or config.json is not a run's.
    """
    settings = read_settings(model_dir)
    try:
        # The first runs had no choice of a network.
        network = settings.get("network", "largefov")
        return Architecture(network, settings["width_multiplier"], tuple(settings["class_names"]))
    except KeyError as error:
        path = os.path.join(model_dir, CONFIG_FILE)
        raise InputError(f"{path}: lacks {error}: expected a folder written by train.py") from None


def _check_same_run(model_dir: str, found: dict[str, Any], settings: dict[str, Any]) -> None:
    free = {*_FREE, *(found.keys() - settings.keys())}  # a setting that is gone since is no matter
    folder = OwnedFolder(model_dir, CONFIG_FILE, "a run", "train.py", "--model_dir")
    folder.check(found, settings, free)
    if settings["schedule"] == "poly" and found["epochs"] != settings["epochs"]:
        raise InputError(
            f"--epochs={settings['epochs']}: {model_dir} holds a run of {found['epochs']} epochs "
            "with --schedule=poly, whose learning rate depends on their number: expected "
            f"--epochs={found['epochs']}, or another --model_dir with --init={model_dir}"
        )
