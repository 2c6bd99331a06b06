"""What to say when a process of a run is gone."""

import contextlib
import time
from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.training.strategy import Cluster, silent

# In the messages of errors by which TensorFlow's processes notice that one is gone.
_OF_CLUSTER = ("CoordinationService", "GRPC error information from remote target")
_SECONDS = 5.0  # for which a process that ends may still accept connections


@contextlib.contextmanager
def missing_workers_explained(cluster: Cluster | None) -> Iterator[None]:
    """Turns TensorFlow's errors into one line where another process no longer answers.

    Raises:
        InputError: it names those; or all answer by now, but one did not for too long.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if cluster is None:
            raise
        is_of_cluster = any(sign in str(error) for sign in _OF_CLUSTER)
        missing, until = silent(cluster), time.monotonic() + _SECONDS
        while is_of_cluster and not missing and time.monotonic() < until:
            time.sleep(0.2)
            missing = silent(cluster)
        if missing:
            what = f"{', '.join(missing)} of {len(cluster.addresses)} no longer answers"
        elif is_of_cluster:
            what = (
                f"one of {len(cluster.addresses)} workers did not answer for some seconds, so that "
                "the others gave it up: is its machine too busy?"
            )
        else:
            raise
        again = "give all workers the same command again: they go on from the last checkpoint"
        raise InputError(f"{what}: {again}") from error
