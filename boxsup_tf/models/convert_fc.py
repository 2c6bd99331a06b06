"""VGG-16's fully connected layers as convolutions, thinned out to a network's fc6 and fc7.

DeepLab (arXiv 1412.7062, Sec. 3.2): fc1 of VGG-16 is a 7 x 7 convolution on pool5, and fc2 one
of 1 x 1. A smaller fc6 takes every second or third row and column of it, and a network with
fewer channels every fourth channel.
"""

import numpy as np

Weights = tuple[np.ndarray, np.ndarray]  # kernel, bias

_SIDE = 7  # of VGG-16's pool5 at 224 x 224 pixels


def fc6_and_fc7(fc1: Weights, fc2: Weights, size: int, channel_step: int) -> dict[str, Weights]:
    """Weights of fc6 and fc7.

    Args:
        fc1: float [7 * 7 * C, N] and [N], rows in the order of Keras' Flatten: height, width,
            channel (C and N are 512 and 4,096 in VGG-16).
        fc2: float [N, N] and [N].
        size: of fc6's kernel: 7 (all of it), 4 (rows and columns 0, 2, 4, 6), 3 (0, 3, 6) or 2.
        channel_step: one channel in so many is kept, the first among them.

    Returns:
        `fc6`: [size, size, C, n] and [n]; `fc7`: [1, 1, n, n] and [n]; n = N / channel_step.

    Raises:
        ValueError: `size` cannot be reached by even steps.
    """
    if size < 2 or (_SIDE - 1) % (size - 1):
        raise ValueError(f"fc6 of size {size}: expected 7, 4, 3 or 2")
    place = slice(None, None, (_SIDE - 1) // (size - 1))
    channel = slice(None, None, channel_step)
    kernel6 = fc1[0].reshape(_SIDE, _SIDE, -1, len(fc1[1]))[place, place, :, channel]
    kernel7 = fc2[0][np.newaxis, np.newaxis, channel, channel]
    return {"fc6": (kernel6, fc1[1][channel]), "fc7": (kernel7, fc2[1][channel])}
