"""What to say when a process of a run is gone."""

import contextlib
import socket
from collections.abc import Iterator, Sequence

import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.training.strategy import Cluster

_PATIENCE = 5.0  # seconds, for an address to answer


@contextlib.contextmanager
def missing_workers_explained(cluster: Cluster | None) -> Iterator[None]:
    """Turns TensorFlow's errors into one line where another process no longer answers.

    Raises:
        InputError: it names those.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if cluster is None or not (missing := silent(cluster.addresses, cluster.index)):
            raise
        raise InputError(
            f"{', '.join(missing)} of {len(cluster.addresses)} no longer answers: give all workers "
            "the same command again: they go on from the last checkpoint"
        ) from error


def silent(addresses: Sequence[str], own: int) -> list[str]:
    """The workers, by number and address, that accept no connection."""
    missing = []
    for number, address in enumerate(addresses):
        host, _, port = address.rpartition(":")
        if number == own:
            continue
        try:
            socket.create_connection((host, int(port)), _PATIENCE).close()
        except OSError:
            missing.append(f"worker {number + 1} ({address})")
    return missing
