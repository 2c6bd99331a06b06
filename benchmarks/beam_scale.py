"""Images per second of proposals on one and on two workers of a cluster, each with one core.

The cluster is Dask's, on this machine, driven through Apache Beam as any other (Linux).
"""

import contextlib
import os
import tempfile
from collections.abc import Callable

import side_by_side
from dask.distributed import LocalCluster

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.generate import generate
from boxsup_tf.proposals.registry import make_options
from boxsup_tf.workers.runner import make_runner

NUM_IMAGES = 80
_IMAGE_SIZE = 200
_OPTIONS = {"edges": "gradient", "max_candidates": 1000}  # of mcg
_NUM_WORKERS = (1, 2)


def measure_proposals(folder: str, repeats: int) -> dict[str, list[float]]:
    """Makes the pools of generated images on one and on two workers, in turn.

    The workers and what they import are there before it counts, by a first run that does not. What
    counts beside the work is that every worker starts one process for its half of the images, or
    for both halves one after the other; it takes some seconds of about a minute.

    Args:
        folder: for the images; pools are removed again.
        repeats: at least 1.

    Returns:
        Images per second of every repeat, by the number of workers.

    Raises:
        InputError: Beam or Dask is missing, or this process may use one core only.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < max(_NUM_WORKERS):
        raise InputError(f"{len(cores)} core: expected {max(_NUM_WORKERS)}, one for each worker")
    examples = os.path.join(folder, "examples")
    prepare(ShapesReader(NUM_IMAGES, seed=0, image_size=_IMAGE_SIZE), examples, num_shards=2)
    with contextlib.ExitStack() as clusters:
        work = {}
        for num_workers in _NUM_WORKERS:
            cluster = clusters.enter_context(
                LocalCluster(n_workers=num_workers, threads_per_worker=1, dashboard_address=":0")
            )
            _pin(cluster, cores)
            work[str(num_workers)] = _generation(examples, cluster.scheduler_address)
        seconds = side_by_side.measure(work, repeats)
    return {name: (NUM_IMAGES / times).tolist() for name, times in seconds.items()}


def _generation(examples: str, scheduler: str) -> Callable[[], None]:
    options = make_options("mcg", _OPTIONS)
    runner = make_runner("beam", f"--runner=DaskRunner --dask_client_address={scheduler}")

    def run() -> None:
        with tempfile.TemporaryDirectory(dir=os.path.dirname(examples)) as pools:
            generate(examples, pools, "mcg", options, runner=runner)

    return run


def _pin(cluster: LocalCluster, cores: list[int]) -> None:
    """Gives every worker a core; the processes that it starts are given the same."""
    with cluster.get_client() as client:
        for core, worker in zip(cores, client.scheduler_info()["workers"], strict=False):
            client.run(_use_core, core, workers=[worker])


def _use_core(core: int) -> None:
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), {core})
