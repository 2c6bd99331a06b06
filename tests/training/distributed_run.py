"""A training by one of several processes, or on several logical devices; run by the tests.

    python -m tests.training.distributed_run MODEL_DIR TRAIN_DATA VAL_DATA REPLICAS NAME=VALUE ...

Which process it is says TF_CONFIG. At its end the labelling and all weights are in
MODEL_DIR/end_INDEX.npz. With die=WHERE it kills itself there, see `DEATHS`.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.loss_watch import LossWatch
from boxsup_tf.training.missing_workers import missing_workers_explained
from boxsup_tf.training.strategy import cluster_of_environment
from boxsup_tf.training.trainer import Trainer
from boxsup_tf.training.training_predictor import TrainingPredictor

CONFIG = {
    **{"crop_size": 33, "batch_size": 5, "epochs": 2, "width_multiplier": 0.05, "dropout": 0.0},
    **{"init": "random", "num_pictures": 1, "warmup_epochs": 0, "min_agreement": 0.0},
    **{"update_batch": 2, "k": 2, "learning_rate": 0.01, "clip_norm": 1.0},
}


def dying(function: Callable, calls: int) -> Callable:
    """A function that, instead of being called for so many times, ends this process."""
    done = 0

    def instead(*args: Any, **kwargs: Any) -> Any:
        nonlocal done
        done += 1
        if done == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return instead


# What is called in the midst of a phase, and at which call the process ends: when it asks the
# network for the second time; after the second step of the second epoch; when a checkpoint's files
# are written, but not yet named as the newest.
DEATHS = {
    "mask update": (TrainingPredictor, "_asked", 2),
    "network update": (LossWatch, "add", 5),
    "checkpoint": (tf.train.CheckpointManager, "_record_state", 2),
}


def main(model_dir: str, train_data: str, val_data: str, replicas: str, *changes: str) -> None:
    config = dict(CONFIG)
    for change in changes:
        name, _, value = change.partition("=")
        if name == "die":
            owner, method, calls = DEATHS[value]
            setattr(owner, method, dying(getattr(owner, method), calls))
            continue
        config[name] = type(config.get(name, ""))(value)
    if int(replicas) > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        devices = [tf.config.LogicalDeviceConfiguration()] * int(replicas)
        tf.config.set_logical_device_configuration(cpu, devices)
        config["strategy"] = "mirrored"
    cluster = cluster_of_environment("auto")
    try:
        with missing_workers_explained(cluster):
            trainer = Trainer(model_dir, TrainConfig(train_data, val_data=val_data, **config))
            trainer.run()
    except InputError as error:
        sys.exit(f"error: {error}")
    path = os.path.join(model_dir, f"end_{cluster.index if cluster else 0}.npz")
    weights = trainer.network.segmenter.model.get_weights()
    np.savez(path, trainer.labelling.chosen.numpy(), *weights)


if __name__ == "__main__":
    main(*sys.argv[1:])
