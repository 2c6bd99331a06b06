"""Quality and time of proposal methods on images with instance masks.

Time is that of the whole way from an image file to a packed pool, in worker processes of one
thread each that were warmed up before: what generate_proposals.py takes, but for the start of
its processes. Quality is measured afterwards.
"""

import dataclasses
import functools
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from assignments import parse_values
from proposal_quality import (
    COUNTS,
    best_overlaps,
    box_choice_ious,
    quality_rows,
)

from boxsup_tf import boxes as box_ops
from boxsup_tf.data.instance_images import InstanceImage
from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals import edges, registry
from boxsup_tf.proposals.generate import single_thread
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.example import decode_image, read_bytes
from boxsup_tf.workers.worker_pool import Failure, WorkerPool


@dataclasses.dataclass(frozen=True)
class Quality:
    """Quality of a method's pools over a set of images.

    Attributes:
        num_images, num_instances: what was measured on.
        rows: see `proposal_quality.quality_rows`.
        box_choice_iou: mean mask IoU of what an instance's tight box alone picks.
    """

    num_images: int
    num_instances: int
    rows: list[dict[str, float]]
    box_choice_iou: float


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """A method's figures.

    Attributes:
        quality: over all images.
        subset_quality: over those of the subset; None without one.
        seconds_per_image: wall time of the whole set by the number of images.
        seconds_per_image_without_edges: the same without the share of the detection of edges.
        bytes_per_image: of the packed pools.
    """

    quality: Quality
    subset_quality: Quality | None
    seconds_per_image: float
    seconds_per_image_without_edges: float
    bytes_per_image: float

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON; the rows and the rest of `quality` on the first level."""
        figures = dataclasses.asdict(self)
        return figures.pop("quality") | figures


def parse_method(specification: str) -> tuple[str, dict[str, Any]]:
    """A method and those of its options that differ from their defaults.

    Args:
        specification: such as `scg` or `scg:edges=gradient:min_area=20`; the elements of a list
            are joined by `+`.

    Raises:
        InputError: unknown method or option, or a bad value.
    """
    name, *assignments = specification.split(":")
    values = parse_values(registry.options_of_all(), assignments, "methods")
    registry.make_options(name, values)
    return name, values


def measure(
    specification: str,
    images: Sequence[InstanceImage],
    num_workers: int,
    min_instance_area: int,
    subset: Collection[str] = (),
) -> Benchmark:
    """Runs a method on all images.

    Args:
        specification: see `parse_method`.
        images: at least one.
        num_workers: processes of one thread.
        min_instance_area: pixels; smaller instances are left out. Methods with one candidate
            per box are given the tight boxes of the others.
        subset: ids of images to be measured on their own, too.

    Raises:
        InputError: bad specification; no instance is large enough; or the method fails.
    """
    name, values = parse_method(specification)
    work = functools.partial(_propose, method=name, values=values, min_area=min_instance_area)
    warm_up = functools.partial(_warm_up, method=name, values=values)
    with WorkerPool(work, num_workers, warm_up) as workers:
        workers.wait_until_ready()
        start = time.perf_counter()
        results = [result for _, result in workers.map(images)]
        seconds = (time.perf_counter() - start) / len(images)
    runs: list[_Run] = []
    for image, result in zip(images, results, strict=True):
        if isinstance(result, Failure):
            raise InputError(f"{image.image_path}: {specification} failed: {result.reason}")
        runs.append(result)
    edge_share = sum(run.edge_seconds for run in runs) / sum(run.seconds for run in runs)
    measured = [
        _measure_image(image, run, min_instance_area)
        for image, run in zip(images, runs, strict=True)
    ]
    some = [one for image, one in zip(images, measured, strict=True) if image.image_id in subset]
    return Benchmark(
        quality=_summarize(measured),
        subset_quality=_summarize(some) if subset else None,
        seconds_per_image=seconds,
        seconds_per_image_without_edges=seconds * (1 - edge_share),
        bytes_per_image=float(np.mean([sum(map(len, run.packed)) for run in runs])),
    )


@dataclasses.dataclass(frozen=True)
class _Run:
    """A packed pool, and the seconds that it took, of which edges took some."""

    packed: tuple[bytes, bytes]
    count: int
    one_per_box: bool
    seconds: float
    edge_seconds: float


def _propose(image: InstanceImage, method: str, values: Mapping[str, Any], min_area: int) -> _Run:
    """A worker's task; the masks are read outside its time."""
    boxes = [box_ops.tight_box_yxyx(mask) for mask in _instances(image, min_area)]
    start, edges_start = time.perf_counter(), edges.seconds_spent()
    pixels = decode_image(read_bytes(image.image_path, "an image")).numpy()
    inputs = ProposalInput(
        pixels, np.array(boxes, np.float32).reshape(-1, 4), f"{image.image_id}.jpg"
    )
    options = registry.make_options(method, values)
    pool = registry.get_method(method).propose(inputs, options)
    packed = pool.pack()
    seconds, edge_seconds = time.perf_counter() - start, edges.seconds_spent() - edges_start
    return _Run(packed, pool.num_candidates, pool.one_per_box, seconds, edge_seconds)


def _warm_up(method: str, values: Mapping[str, Any]) -> None:
    """What a process does only once: imports, networks, traces."""
    single_thread()
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    inputs = ProposalInput(noise, np.array([[20, 20, 80, 90]], np.float32), "warm_up.jpg")
    try:
        registry.get_method(method).propose(inputs, registry.make_options(method, values))
    except InputError:
        return  # imported candidates have none for this image


def _instances(image: InstanceImage, min_area: int) -> np.ndarray:
    """bool [I, H, W]: the objects that are large enough."""
    masks = image.masks()
    return masks[np.count_nonzero(masks, axis=(1, 2)) >= max(min_area, 1)]


def _measure_image(
    image: InstanceImage, run: _Run, min_area: int
) -> tuple[int, np.ndarray, np.ndarray]:
    """Size of the pool, `best_overlaps` and `box_choice_ious` of an image."""
    pool = CandidatePool.unpack(*run.packed, run.count, "", run.one_per_box)
    instances = _instances(image, min_area)
    best, chosen = best_overlaps(pool, instances), box_choice_ious(pool, instances)
    return pool.num_candidates, best, chosen


def _summarize(measured: Sequence[tuple[int, np.ndarray, np.ndarray]]) -> Quality:
    sizes = [size for size, _, _ in measured]
    num_instances = sum(len(chosen) for *_, chosen in measured)
    if not num_instances:
        raise InputError("none of the images has an instance that is large enough: expected some")
    best = np.concatenate([best for _, best, _ in measured], axis=1)
    chosen = np.concatenate([chosen for *_, chosen in measured])
    rows = quality_rows(best, sizes, COUNTS)
    return Quality(len(measured), num_instances, rows, float(chosen.mean()))
