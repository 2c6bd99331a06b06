"""training.missing_workers: what becomes of TensorFlow's errors."""

import socket
import threading

import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.training import missing_workers
from boxsup_tf.training.missing_workers import missing_workers_explained
from boxsup_tf.training.strategy import Cluster

HEARTBEAT = "Task heartbeat timeout. RPC: /tensorflow.CoordinationService/Heartbeat"


@pytest.fixture
def listening():
    with socket.socket() as server:
        server.bind(("localhost", 0))
        server.listen()
        yield f"localhost:{server.getsockname()[1]}"


@pytest.fixture
def silent() -> str:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return f"localhost:{free.getsockname()[1]}"


def _fail(cluster: Cluster | None, message: str) -> None:
    with missing_workers_explained(cluster):
        raise tf.errors.AbortedError(None, None, message)


def test_who_does_not_answer_is_named(listening, silent):
    with pytest.raises(InputError, match=f"^worker 3 .{silent}. of 3 no longer answers: give all"):
        _fail(Cluster(("own:1", listening, silent), 0), "anything")


def test_one_that_is_just_ending_is_named():
    """Its connections are closed, but for a moment it still accepts others."""
    message = "Socket closed Additional GRPC error information from remote target: Socket closed"
    with socket.socket() as server:
        server.bind(("localhost", 0))
        server.listen()
        address = f"localhost:{server.getsockname()[1]}"
        threading.Timer(0.5, server.close).start()
        with pytest.raises(InputError, match=f"^worker 2 .{address}. of 2 no longer answers"):
            _fail(Cluster(("own:1", address), 0), message)


def test_one_that_answers_again_is_not_blamed(listening, monkeypatch):
    monkeypatch.setattr(missing_workers, "_SECONDS", 0.1)
    with pytest.raises(InputError, match="one of 2 workers did not answer for some seconds"):
        _fail(Cluster(("own:1", listening), 0), HEARTBEAT)


def test_other_errors_pass(listening):
    with pytest.raises(tf.errors.AbortedError, match="out of luck"):
        _fail(Cluster(("own:1", listening), 0), "out of luck")
    with pytest.raises(tf.errors.AbortedError):
        _fail(None, HEARTBEAT)
