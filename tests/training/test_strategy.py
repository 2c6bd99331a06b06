"""training.strategy: what TF_CONFIG says, and what cannot be had."""

import json

import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.training.strategy import Cluster, cluster_of_environment, make_strategy


def _config(cluster: dict, **task: object) -> str:
    return json.dumps({"cluster": cluster, "task": task})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("{}", None),
        (_config({}, type="worker", index=0), None),
        (_config({"worker": ["a:1", "b:2"]}, type="worker", index=1), (("a:1", "b:2"), 1)),
        (
            _config({"chief": ["c:3"], "worker": ["a:1", "b:2"]}, type="worker", index=1),
            (("c:3", "a:1", "b:2"), 2),
        ),
        (
            _config({"chief": ["c:3"], "worker": ["a:1"]}, type="chief", index=0),
            (("c:3", "a:1"), 0),
        ),
    ],
)
def test_the_cluster_of_the_environment(text, expected, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    assert cluster_of_environment("auto") == (Cluster(*expected) if expected else None)


@pytest.mark.parametrize(
    "text",
    [
        "worker 1",
        "[]",
        '{"cluster": {"worker": ["a:1"]}}',
        _config({"worker": ["a:1"]}, type="worker"),
        _config({"worker": ["a:1"]}, type="ps", index=0),
        _config({"worker": ["a:1", "b:2"]}, type="worker", index=2),
        _config({"chief": ["c:3"], "worker": ["a:1"]}, type="worker", index=-1),
        _config({"worker": ["a:1", "b"]}, type="worker", index=0),
        _config({"worker": ["a:1", "b:65536"]}, type="worker", index=0),
    ],
)
def test_what_is_no_cluster_is_said(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match="TF_CONFIG.*expected"):
        cluster_of_environment("auto")


def test_strategies_of_this_machine_alone_have_no_cluster(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", _config({"worker": ["a:1", "b:2"]}, type="worker", index=1))
    for strategy, expected in (("one_device", None), ("mirrored", None), ("multi_worker", 1)):
        cluster = cluster_of_environment(strategy)
        assert (cluster and cluster.index) == expected


def test_a_strategy_that_cannot_be_had():
    with pytest.raises(InputError, match="--strategy=multi_worker: TF_CONFIG names no cluster"):
        make_strategy("multi_worker", None)
    with pytest.raises(InputError, match="--strategy=mirrored: this machine has one device"):
        make_strategy("mirrored", None)
    assert make_strategy("auto", None).num_replicas_in_sync == 1
