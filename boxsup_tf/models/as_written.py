"""Functions that TensorFlow traces as they are written."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def as_written(function: Callable[..., Any]) -> Callable[..., Any]:
    """For `tf.function` and tf.data: the function, and all that it calls, without AutoGraph.

    AutoGraph turns Python's branches and loops over tensors into a graph's, and for that translates
    the source of every function that is called: a quarter of what a small training computes. Here
    they are `tf.cond` and `tf.while_loop`; one that is not fails when it is traced.
    """
    return tf.autograph.experimental.do_not_convert(function)
