"""The tf.distribute strategy of a run: one device, several of this machine, or several machines."""

import dataclasses
import json
import os
import socket

import tensorflow as tf

from boxsup_tf.errors import InputError

STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker")
_PATIENCE = 5.0  # seconds, for an address to answer
_EXPECTED = (
    'expected {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes of a run, as TF_CONFIG names them.

    Attributes:
        addresses: host:port of each; the first is the chief.
        index: of this process among them.
    """

    addresses: tuple[str, ...]
    index: int


def cluster_of_environment(strategy: str) -> Cluster | None:
    """The machines of a run, as the environment variable TF_CONFIG names them.

    Args:
        strategy: one of `STRATEGIES`.

    Returns:
        None where it names no cluster, or the strategy is one of this machine alone.

    Raises:
        InputError: it is no JSON, or not of TensorFlow's form.
    """
    text = os.environ.get("TF_CONFIG", "")
    if not text or strategy not in ("auto", "multi_worker"):
        return None
    try:
        found = json.loads(text)
        jobs = found.get("cluster", {})
        if not jobs:
            return None
        chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
        addresses = tuple(map(str, [*chiefs, *workers]))
        kind, number = found["task"]["type"], int(found["task"]["index"])
        before = {"chief": 0, "worker": len(chiefs)}[kind]
        if not all(0 < int(address.rpartition(":")[2]) < 2**16 for address in addresses):
            raise ValueError("a port that is none")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"TF_CONFIG={text}: {_EXPECTED}") from None
    index = before + number
    if not 0 <= index < len(addresses) or number < 0:
        raise InputError(
            f"TF_CONFIG: task {kind} {number}, but the cluster has {len(addresses)} addresses: "
            "expected one of them"
        )
    return Cluster(addresses, index)


def make_strategy(name: str, cluster: Cluster | None) -> tf.distribute.Strategy:
    """The strategy; that of several machines waits for all of them, and comes before all other
    work with TensorFlow.

    Args:
        name: one of `STRATEGIES`. `auto`: several machines where there is a cluster, else all GPUs
            where there are several, else one device.
        cluster: of `cluster_of_environment`.

    Raises:
        InputError: several machines, and no cluster; or several devices, and there is one.
    """
    if name == "auto":
        several = len(tf.config.list_physical_devices("GPU")) > 1
        name = "multi_worker" if cluster else "mirrored" if several else "one_device"
    if name == "multi_worker":
        if cluster is None:
            raise InputError("--strategy=multi_worker: TF_CONFIG names no cluster: " + _EXPECTED)
        if missing := silent(cluster):
            own = f"worker {cluster.index + 1} of {len(cluster.addresses)}"
            print(f"{own}: waiting for {', '.join(missing)}", flush=True)
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "mirrored":
        devices = [device.name for device in _devices()]
        if len(devices) < 2:
            raise InputError(
                f"--strategy=mirrored: this machine has one device, {devices[0]}: expected several "
                "GPUs, or --strategy=one_device"
            )
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.get_strategy()


def silent(cluster: Cluster) -> list[str]:
    """The workers, by number and address, that accept no connection."""
    missing = []
    for number, address in enumerate(cluster.addresses):
        host, _, port = address.rpartition(":")
        if number == cluster.index:
            continue
        try:
            socket.create_connection((host, int(port)), _PATIENCE).close()
        except OSError:
            missing.append(f"worker {number + 1} ({address})")
    return missing


def _devices() -> list[tf.config.LogicalDevice]:
    """The GPUs, or, where there is none, the logical devices that the CPU was divided into."""
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
