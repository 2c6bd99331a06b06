"""What a process takes of the machine's GPUs.

TensorFlow reserves nearly the whole memory of every GPU that it sees as soon as it computes
anything, if only the decoding of an image, which it does on the CPU. To be called at the start of
a process: later, TensorFlow refuses.
"""

import tensorflow as tf


def hide_gpus() -> None:
    """For a process that only decodes images, or of which there are many: it sees no GPU."""
    tf.config.set_visible_devices([], "GPU")


def let_memory_grow() -> None:
    """For a process that runs a network: it takes the GPUs' memory as it needs it."""
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


def has_gpu() -> bool:
    """Whether TensorFlow finds a GPU on this machine."""
    return bool(tf.config.list_physical_devices("GPU"))
