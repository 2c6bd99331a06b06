"""What to say when a process of a run is gone."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.training.strategy import Cluster, silent


@contextlib.contextmanager
def missing_workers_explained(cluster: Cluster | None) -> Iterator[None]:
    """Turns TensorFlow's errors into one line where another process no longer answers.

    Raises:
        InputError: it names those.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if cluster is None or not (missing := silent(cluster)):
            raise
        raise InputError(
            f"{', '.join(missing)} of {len(cluster.addresses)} no longer answers: give all workers "
            "the same command again: they go on from the last checkpoint"
        ) from error
