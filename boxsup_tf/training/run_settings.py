"""config.json of a run's folder: what made the run, and whether a command goes on with it."""

import dataclasses
import importlib.metadata
import os
from typing import Any

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.json_file import parse_json, write_json
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.models.architecture import CONFIG_FILE, read_settings
from boxsup_tf.models.checkpoint_state import mend_state, newest_checkpoint
from boxsup_tf.models.saved_network import BEST_FOLDER
from boxsup_tf.settings import from_values
from boxsup_tf.training.config import TrainConfig

_PACKAGES = ("boxsup_tf", "tensorflow", "keras", "numpy")
# Settings that may change between a run and its resumption without changing what it learns.
_FREE = (
    *("epochs", "validate_every", "checkpoint_minutes", "keep_checkpoints", "num_pictures"),
    *("feature_cache", "strategy"),
)
# What runs of earlier versions did where they had no choice.
_SINCE = {
    **{"backbone": "", "output_stride": 0, "batch_norm": "frozen"},
    **{"loss": "cross_entropy", "class_weights": "none"},
    **{"ignored_boxes": "box", "void_band": 0, "jit_compile": False},
    **{"box_tolerance": 0.0, "retighten_boxes": False},
}

DataSettings = dict[str, list[Any]]


def open_run(
    model_dir: str, config: TrainConfig, class_names: tuple[str, ...], data: DataSettings
) -> None:
    """Makes a run's folder, or checks that an existing one belongs to this very run.

    Args:
        data: `data_digests` of the training sources and the validation data; `pools` of the
            sources that are learnt by their boxes.

    Raises:
        InputError: the folder holds a run with other settings, data or classes; or another
            number of epochs where the learning rate depends on it; or checkpoints of which none
            can be read.
    """
    settings = dataclasses.asdict(config) | {"class_names": list(class_names)} | data
    path = os.path.join(model_dir, CONFIG_FILE)
    # Before its first checkpoint a run has learnt nothing: what stopped it may be mended now.
    if files.exists(path) and newest_checkpoint(model_dir):
        _check_same_run(model_dir, read_settings(model_dir), settings)
    files.make_folders(model_dir)
    for folder in (model_dir, os.path.join(model_dir, BEST_FOLDER)):
        mend_state(folder)
    versions = {name: _version(name) for name in _PACKAGES}
    write_json(path, settings | {"versions": versions})


def read_config(model_dir: str) -> TrainConfig:
    """The settings of the run in a folder; those that it had no choice of are as they were.

    Raises:
        InputError: the folder holds no run, or one with settings that are not allowed now.
    """

    def parse(found: dict[str, Any]) -> TrainConfig:
        found = _SINCE | found
        names = {field.name for field in dataclasses.fields(TrainConfig)} & found.keys()
        return from_values(TrainConfig, {name: found[name] for name in names})

    return parse_json(os.path.join(model_dir, CONFIG_FILE), "a run of train.py", parse)


def settings_of_all_workers(config: TrainConfig, data: DataSettings) -> dict[str, Any]:
    """What must be the same for all processes of a run; arguments as of `open_run`."""
    own = {*_FREE} - {"epochs", "validate_every"}
    shared = {name: value for name, value in dataclasses.asdict(config).items() if name not in own}
    return shared | {name.replace("_", " "): value for name, value in data.items()}


def _check_same_run(model_dir: str, found: dict[str, Any], settings: dict[str, Any]) -> None:
    # What the first versions' candidates were is not known.
    found = {"pools": settings["pools"]} | _SINCE | found
    free = {*_FREE, *(found.keys() - settings.keys())}  # a setting that is gone since is no matter
    # Earlier versions took these where they have no effect.
    free |= {"decay_epochs"} if settings["schedule"] == "poly" else set()
    free |= {"momentum"} if settings["optimizer"] == "adamw" else set()
    folder = OwnedFolder(model_dir, CONFIG_FILE, "a run", "train.py", "--model_dir")
    folder.check(found, settings, free)
    if settings["schedule"] == "poly" and found["epochs"] != settings["epochs"]:
        raise InputError(
            f"--epochs={settings['epochs']}: {model_dir} holds a run of {found['epochs']} epochs "
            "with --schedule=poly, whose learning rate depends on their number: expected "
            f"--epochs={found['epochs']}, or another --model_dir with --init={model_dir}"
        )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"  # this package itself, where it runs from its own source
