"""Trains on several logical devices; a process of its own, run by the tests.

    python -m tests.training.replicas NUMBER FILE.npz NAME ...

Writes all weights after the steps of each of these of `CONFIGS`.
"""

import sys
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from boxsup_tf.models.architecture import Architecture
from boxsup_tf.models.batch_norm import batch_normalization
from boxsup_tf.models.segmenter import Segmenter
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.network_update import NetworkUpdate
from boxsup_tf.training.optimizer import make_optimizer
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers
from tests.models.segmenters import make_segmenter

CROP, CLASSES = 17, 3
_ALL = {"weight_decay": 0.03, "clip_norm": 0.5, "batch_size": 5}


def plain_segmenter() -> Segmenter:
    return make_segmenter(CLASSES, 0.05, dropout=0.0, seed=4)


def normalized_segmenter(batch_norm: str) -> Segmenter:
    """A network of two layers, between which the batch is normalised."""
    keras.utils.set_random_seed(0)
    images = keras.Input([None, None, 3])
    x = keras.layers.Conv2D(4, 3, strides=8, padding="same", name="conv")(images)
    x = batch_normalization(batch_norm, name="bn", momentum=0.5)(x)
    x = keras.layers.Conv2D(CLASSES, 1, name="fc8")(keras.layers.ReLU()(x))
    names = tuple(f"class{i}" for i in range(CLASSES))
    return Segmenter(Architecture("largefov", 1.0, names), keras.Model(images, x))


def half_segmenter(factor: float = 1.0) -> Segmenter:
    """One that computes in float16, its last layer this many times as large."""
    segmenter = make_segmenter(CLASSES, 0.05, dropout=0.0, seed=4, dtype_policy="mixed_float16")
    last = segmenter.model.get_layer("fc8")
    last.kernel.assign(factor * last.kernel)
    return segmenter


# Network, settings, and the sizes of the batches: 5 does not divide evenly, 3 is less than four
# replicas.
CONFIGS = {
    "sgd": (plain_segmenter, TrainConfig("", learning_rate=0.01, accumulate=2, **_ALL), (5, 3)),
    "adamw": (plain_segmenter, TrainConfig("", optimizer="adamw", **_ALL), (3,)),
    "frozen statistics": (
        lambda: normalized_segmenter("frozen"),
        TrainConfig("", learning_rate=0.1, accumulate=2, **_ALL),
        (5, 3),
    ),
    # Each replica needs an image: void in its place would count in the statistics.
    "trained statistics": (
        lambda: normalized_segmenter("trained"),
        TrainConfig("", learning_rate=0.1, **_ALL),
        (5,),
    ),
    "float16": (half_segmenter, TrainConfig("", precision="float16", **_ALL), (5, 3)),
    # What comes back through the last layer is more than float16 holds, on the first replica: the
    # second has no image.
    "overflow": (lambda: half_segmenter(1e6), TrainConfig("", precision="float16", **_ALL), (1,)),
}


def batch(size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(size)
    images = rng.normal(0, 60, (size, CROP, CROP, 3)).astype(np.float32)
    return images, rng.integers(0, CLASSES, (size, CROP, CROP)).astype(np.int32)


def weights_after(
    make: Callable[[], Segmenter],
    config: TrainConfig,
    sizes: tuple[int, ...],
    strategy: tf.distribute.Strategy,
) -> np.ndarray:
    """All weights as one vector, after steps on the same global batches."""
    replicas = strategy.num_replicas_in_sync
    with strategy.scope():
        segmenter = make()
        optimizer = make_optimizer(config, steps_per_epoch=2)
        optimizer.build(segmenter.model.trainable_variables)
        mean_loss = keras.metrics.Mean()
    update = NetworkUpdate(
        TrainingNetwork(segmenter, config), optimizer, Workers(strategy), config, mean_loss
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


def main(replicas: int, path: str, *names: str) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * replicas
    tf.config.set_logical_device_configuration(cpu, devices)
    strategy = tf.distribute.MirroredStrategy([f"/cpu:{i}" for i in range(replicas)])
    np.savez(path, **{name: weights_after(*CONFIGS[name], strategy) for name in names})


def initial_weights(name: str) -> np.ndarray:
    """All weights before the first step, as one vector."""
    return _all_weights(CONFIGS[name][0]())


def _all_weights(segmenter: Segmenter) -> np.ndarray:
    return np.concatenate([weights.ravel() for weights in segmenter.model.get_weights()])


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
