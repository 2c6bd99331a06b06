"""Batch normalisation of networks that are trained on few images at a time.

The statistics of a few crops say little, and differ with the way in which a batch is shared out
among accumulated parts and replicas. As they were loaded, they say more and are the same for all.
"""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="boxsup_tf")
class FrozenBatchNormalization(keras.layers.BatchNormalization):
    """Normalises by its stored mean and variance, also in training; gamma and beta are trained."""

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        return super().call(inputs, training=False, mask=mask)


def batch_normalization(mode: str, **config) -> keras.layers.BatchNormalization:
    """A layer of one of `network_family.BATCH_NORMS`.

    `trained` takes the statistics of the whole batch, over all replicas.

    Args:
        mode: the one.
        config: see `keras.layers.BatchNormalization`.
    """
    if mode == "frozen":
        return FrozenBatchNormalization(**config)
    return keras.layers.BatchNormalization(**(config | {"synchronized": True}))
