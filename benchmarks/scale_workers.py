"""Images per second of a training's phases by one and by two processes of a core each."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

TRAIN, UPDATE, VALIDATION = "training", "mask update", "validation"
PHASES = (TRAIN, UPDATE, VALIDATION)
_COUNTS = (1, 2)


def measure_workers(
    data: str, images: int, per_worker: int, settings: Mapping[str, object], repeats: int
) -> dict[str, list[float]]:
    """Efficiency of two processes, by phase and repeat: their images per second over twice one's.

    Every process has a core of its own, and as many images of every batch as the one that is alone:
    so two do twice the work. One and two take turns.

    Args:
        data: records with boxes, masks and pools.
        images: in them.
        per_worker: images of a batch for each process.
        settings: of `TrainConfig`.
        repeats: turns.
    """
    rates: dict[int, dict[str, list[float]]] = {
        count: {phase: [] for phase in PHASES} for count in _COUNTS
    }
    for _ in range(repeats):
        for count in _COUNTS:
            own = {**settings, "train_data": f"{data}:box", "val_data": data}
            seconds = _seconds(own | {"batch_size": per_worker * count}, count)
            for phase in PHASES:
                rates[count][phase].append(images / seconds[phase])
    one, two = (rates[count] for count in _COUNTS)
    return {
        phase: [b / (2 * a) for a, b in zip(one[phase], two[phase], strict=True)]
        for phase in PHASES
    }


def _seconds(settings: Mapping[str, object], count: int) -> dict[str, float]:
    """Of every phase, by so many processes together: that of the slower one."""
    ports = []
    for _ in range(count):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            ports.append(free.getsockname()[1])
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, json.dumps(settings)],
            env=os.environ | _environment(ports, index),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(count)
    ]
    with ThreadPoolExecutor(count) as threads:  # that no pipe fills up
        printed = list(threads.map(subprocess.Popen.communicate, processes))
    for process, (_, errors) in zip(processes, printed, strict=True):
        if process.returncode:
            raise RuntimeError(f"a worker failed: {errors[-2000:]}")
    found = [json.loads(output.splitlines()[-1]) for output, _ in printed]
    return {phase: max(each[phase] for each in found) for phase in PHASES}


def _environment(ports: Sequence[int], index: int) -> dict[str, str]:
    environment = {"BENCHMARK_CORE": str(index), "CUDA_VISIBLE_DEVICES": ""}
    if len(ports) > 1:
        cluster = {"worker": [f"localhost:{port}" for port in ports]}
        task = {"type": "worker", "index": index}
        environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    return environment


def main(settings: str) -> None:
    """A worker: prints seconds of every phase, the second time that it is run."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(os.environ["BENCHMARK_CORE"])]})
    # After that: TensorFlow counts the cores when it is imported.
    from network_speed import Training

    from boxsup_tf.training.config import TrainConfig

    training = Training(TrainConfig(**json.loads(settings)))
    phases = {
        UPDATE: training.update_masks,
        TRAIN: training.run_epoch,
        VALIDATION: training.validate,
    }
    seconds = {}
    for _ in range(2):
        for name, run in phases.items():
            start = time.perf_counter()
            run()
            seconds[name] = time.perf_counter() - start
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
