"""Trains on several logical devices; a process of its own, run by the tests.

    python -m tests.training.replicas NUMBER OPTIMIZER FILE.npy

Writes all weights after an optimiser's steps.
"""

import sys

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.network_update import NetworkUpdate, make_optimizer
from boxsup_tf.training.training_network import TrainingNetwork
from tests.models.segmenters import make_segmenter

CROP, CLASSES = 17, 3
_ALL = {"weight_decay": 0.03, "clip_norm": 0.5, "batch_size": 5}
# Settings, and the sizes of the batches: 5 does not divide evenly, 3 is less than four replicas.
CONFIGS = {
    "sgd": (TrainConfig("", learning_rate=0.01, accumulate=2, **_ALL), (5, 3)),
    "adamw": (TrainConfig("", optimizer="adamw", **_ALL), (3,)),
}


def batch(size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(size)
    images = rng.normal(0, 60, (size, CROP, CROP, 3)).astype(np.float32)
    return images, rng.integers(0, CLASSES, (size, CROP, CROP)).astype(np.int32)


def weights_after(
    config: TrainConfig, sizes: tuple[int, ...], strategy: tf.distribute.Strategy
) -> np.ndarray:
    """All weights as one vector, after steps on the same global batches."""
    replicas = strategy.num_replicas_in_sync
    with strategy.scope():
        segmenter = _segmenter()
        optimizer = make_optimizer(config, steps_per_epoch=2)
        optimizer.build(segmenter.model.trainable_variables)
        mean_loss = keras.metrics.Mean()
    update = NetworkUpdate(
        TrainingNetwork(segmenter, config), optimizer, strategy, config, mean_loss
    )
    for size in sizes:
        shares = np.array_split(np.arange(size), replicas)
        parts = [
            strategy.experimental_distribute_values_from_function(
                lambda context, whole=whole, shares=shares: tf.constant(
                    whole[shares[context.replica_id_in_sync_group]]
                )
            )
            for whole in batch(size)
        ]
        update.step(*parts)
    return _all_weights(segmenter)


def main(replicas: int, name: str, path: str) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * replicas
    tf.config.set_logical_device_configuration(cpu, devices)
    strategy = tf.distribute.MirroredStrategy([f"/cpu:{i}" for i in range(replicas)])
    np.save(path, weights_after(*CONFIGS[name], strategy))


def initial_weights() -> np.ndarray:
    """All weights before the first step, as one vector."""
    return _all_weights(_segmenter())


def _all_weights(segmenter: Segmenter) -> np.ndarray:
    return np.concatenate([weights.ravel() for weights in segmenter.model.get_weights()])


def _segmenter() -> Segmenter:
    return make_segmenter(CLASSES, 0.05, dropout=0.0, seed=4)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
