"""DeepLab-LargeFOV by its former name; see `models.networks`."""

import keras

from boxsup_tf.models.networks import POOL5_SCALE, STRIDE, build_network

__all__ = ["POOL5_SCALE", "STRIDE", "build_largefov"]


def build_largefov(
    num_classes: int, width_multiplier: float = 1.0, dropout: float = 0.5, seed: int = 0
) -> keras.Model:
    """`build_network("largefov", ...)` in float32."""
    return build_network("largefov", num_classes, width_multiplier, dropout, seed)
