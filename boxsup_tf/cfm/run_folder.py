"""The folder of a training: its settings, in cfm.json, and its checkpoint."""

import dataclasses
import os

import keras
import tensorflow as tf

from boxsup_tf.cfm.config import CfmConfig
from boxsup_tf.cfm.network import CfmNetwork
from boxsup_tf.errors import InputError
from boxsup_tf.io.json_file import parse_json
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.models.checkpoint_state import newest_checkpoint
from boxsup_tf.models.saved_network import restoring
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.schema import check_type
from boxsup_tf.settings import from_values

CFM_FILE = "cfm.json"
_PROGRAM = "train_cfm"
# Settings that may change when a training goes on.
_FREE = ("epochs",)


def open_run(model_dir: str, config: CfmConfig, info: DatasetInfo) -> None:
    """Makes a training's folder, or checks that an existing one is this training's.

    Raises:
        InputError: it holds a training with other settings, classes, images or candidates.
    """
    folder = OwnedFolder(model_dir, CFM_FILE, "a training", _PROGRAM, "--model_dir")
    settings = dataclasses.asdict(config) | {
        "class_names": info.class_names,
        "data_digest": info.digest,
        "num_candidates": info.num_candidates,
    }
    if (found := folder.read()) is not None:
        folder.check(found, settings, _FREE)
    folder.write(settings)


def checkpoint_of(
    network: CfmNetwork, optimizer: keras.optimizers.Optimizer, epochs_done: tf.Variable
) -> tf.train.Checkpoint:
    """All that a training goes on from; TensorFlow does not find dropout's states by itself."""
    weights = {id(variable) for variable in network.head.weights}
    states = [variable for variable in network.head.variables if id(variable) not in weights]
    return tf.train.Checkpoint(
        trunk=network.trunk,
        head=network.head,
        optimizer=optimizer,
        epochs_done=epochs_done,
        random_states=[variable.value for variable in states],
    )


def restore(checkpoint: tf.train.Checkpoint, path: str) -> None:
    """Restores what a checkpoint names.

    Raises:
        InputError: the file is damaged, or of something else.
    """
    with restoring(path, "a network of CFM"):
        checkpoint.restore(path).expect_partial().assert_existing_objects_matched()


def load_network(model_dir: str) -> CfmNetwork:
    """The network of a training, after its last whole epoch.

    Raises:
        InputError: the folder holds no training, or one without a whole epoch.
    """
    names = {field.name for field in dataclasses.fields(CfmConfig)}

    def parse(found: dict) -> tuple[tuple[str, ...], CfmConfig]:
        config = from_values(CfmConfig, {name: found[name] for name in names & found.keys()})
        check_type(found["class_names"], list[str], "class_names")
        return tuple(found["class_names"]), config

    path = os.path.join(model_dir, CFM_FILE)
    network = CfmNetwork(*parse_json(path, f"a training's settings, which {_PROGRAM} wrote", parse))
    newest = newest_checkpoint(model_dir)
    if newest is None:
        raise InputError(f"{model_dir}: no checkpoint yet: expected a whole epoch of {_PROGRAM}")
    restore(tf.train.Checkpoint(trunk=network.trunk, head=network.head), newest)
    return network
