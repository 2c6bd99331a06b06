"""Adds a candidate pool to every example of a folder of TFRecords."""

import collections
import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.proposals import edge_server, one_per_box, registry
from boxsup_tf.proposals.edge_server import EdgeServer
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.proposals.prune import prune
from boxsup_tf.records import dataset_info, records, shards, writer
from boxsup_tf.records.dataset_info import DATASET_FILE
from boxsup_tf.records.example import decode_image
from boxsup_tf.records.index import load_index, summarize
from boxsup_tf.workers.devices import hide_gpus
from boxsup_tf.workers.runner import Runner
from boxsup_tf.workers.worker_pool import Failure, WorkerPool


def generate(
    input_dir: str,
    output_dir: str,
    method: str = "union",
    options: Any = None,
    num_workers: int = 1,
    prune_box_iou: float = 0.0,
    strict: bool = False,
    runner: Runner | None = None,
    edge_device: str = "cpu",
) -> dataset_info.DatasetInfo:
    """Writes the examples of `input_dir` with pools to `output_dir`, shard by shard.

    The result does not depend on the number of workers. An interrupted run goes on where it
    stopped. An image for which the method fails, or whose process dies twice, is left out and
    named in dataset.json. In memory are at most one decoded image per worker, and a few encoded
    ones.

    Args:
        input_dir: written by prepare_data.py (or by this function: pools are replaced).
        output_dir: created where missing.
        method: see `registry.method_names`.
        options: of the method, see `registry.make_options`; None: its defaults.
        num_workers: processes; a runner makes each shard with one, wherever it makes it.
        prune_box_iou: only candidates that a training with this --min_box_iou, or a higher
            one, could choose are kept, see `prune`; 0: all are.
        strict: stop at the first image that fails; the images before it are kept (of a runner,
            the shards that were whole).
        runner: makes several shards at a time, see `writer.write_dataset`; None: this machine.
        edge_device: see `edge_server.resolve`; pools of `gpu` differ from those of `cpu` by what
            rounding does, so a folder is of one of them.

    Returns:
        The output's dataset.json; `skipped` names the images that were left out.

    Raises:
        InputError: unknown method; no or unfinished input; `output_dir` holds pools of
            another dataset or of other settings; the options are for other classes; no pool at
            all could be made; `strict` and an image fails or failed in an earlier run; or as
            `edge_server.resolve`.
    """
    registry.get_method(method)  # an unknown method ends here
    options = registry.make_options(method, {}) if options is None else options
    if not 0 <= prune_box_iou <= 1:
        raise InputError(f"--prune_box_iou={prune_box_iou}: expected a number in 0 .. 1")
    source = dataset_info.load_complete(input_dir)
    if files.resolved(input_dir) == files.resolved(output_dir):
        raise InputError(f"--output_dir={output_dir}: is the input: expected another folder")
    registry.check_classes(options, source.class_names)
    settings = {
        **source.settings,
        "examples_digest": source.digest,
        "method": method,
        "prune_box_iou": prune_box_iou,
        **registry.record(options),
    }
    edge_device = edge_server.resolve(edge_device, options, one_machine=runner is None)
    if edge_device != "cpu":
        settings["edge_device"] = edge_device
    settings = _as_earlier(output_dir, settings)
    info = dataset_info.DatasetInfo(settings, source.class_names, source.num_shards)
    if strict:
        _check_nothing_skipped(output_dir)
    shared_names = _shared_names(input_dir, source)
    pools = _Pools(input_dir, source, method, options, prune_box_iou, strict, shared_names)
    write = functools.partial(
        writer.write_dataset,
        output_dir,
        info,
        source.num_images,
        description=method,
        digest=source.digest,
    )
    if runner is not None:
        return write(make_records=pools.of_one_process, runner=runner)
    with contextlib.ExitStack() as stack:
        start = single_thread
        if edge_device == "gpu":
            start = functools.partial(_ask_for_edges, stack.enter_context(EdgeServer()).ask)
        workers = stack.enter_context(WorkerPool(pools.work, max(1, num_workers), start))
        return write(make_records=functools.partial(pools.of_workers, workers))


@dataclasses.dataclass(frozen=True)
class _Pools:
    """The records of `generate`, made anywhere. The attributes are its arguments.

    Attributes:
        source: dataset.json of `input_dir`.
        shared_names: file names that images in several folders have.
    """

    input_dir: str
    source: dataset_info.DatasetInfo
    method: str
    options: Any
    prune_box_iou: float
    strict: bool
    shared_names: frozenset[str]

    @property
    def work(self) -> Callable[[bytes], bytes]:
        """Makes one record out of one of the input."""
        return functools.partial(
            _add_pool,
            method=self.method,
            options=self.options,
            prune_box_iou=self.prune_box_iou,
            shared_names=self.shared_names,
        )

    def of_one_process(self, indices: range) -> Iterator[bytes | dataset_info.SkippedImage]:
        """The records of these indices; no image can end the process that asks for them."""
        with WorkerPool(self.work, 1, single_thread) as workers:
            yield from self.of_workers(workers, indices)

    def of_workers(
        self, workers: WorkerPool[bytes, bytes], indices: range
    ) -> Iterator[bytes | dataset_info.SkippedImage]:
        results = workers.map(shards.read_range(self.input_dir, self.source, indices))
        for index, (serialized, result) in zip(indices, results, strict=True):
            if not isinstance(result, Failure):
                yield result
                continue
            source_id = summarize(serialized).source_id
            reason = f"{self.method} failed: {result.reason}"
            if self.strict:
                raise InputError(f"{self.input_dir}: {source_id}: {reason}")
            yield dataset_info.SkippedImage(index, source_id, reason)


def _as_earlier(output_dir: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Without the options of united methods, where the folder is of a version that knew none.

    They were the defaults, so such a folder goes on with the defaults, and with nothing else.
    """
    if "options" not in settings or not files.exists(os.path.join(output_dir, DATASET_FILE)):
        return settings
    info = dataset_info.DatasetInfo.load(output_dir)
    found, methods = info.settings, settings["methods"]
    # Of one that is not complete it is not known which edges its pools are of.
    if not info.complete or "options" in found or found.get("methods") != methods:
        return settings
    defaults = registry.record(registry.make_options("union", {"methods": methods}))
    if settings["options"] != defaults["options"]:
        return settings
    return {name: value for name, value in settings.items() if name != "options"}


def _check_nothing_skipped(output_dir: str) -> None:
    if not files.exists(os.path.join(output_dir, DATASET_FILE)):
        return
    skipped = dataset_info.DatasetInfo.load(output_dir).skipped
    if skipped:
        raise InputError(
            f"{output_dir}: an earlier run skipped images ({len(skipped)}), the first, "
            f"{skipped[0].source_id}: {skipped[0].reason}: expected none with --strict; delete the "
            "folder to try them again"
        )


def count_rectangles(folder: str) -> int:
    """How many boxes have just their rectangle, in pools of one candidate per box.

    Args:
        folder: written by `generate`.

    Raises:
        InputError: a shard is missing or damaged.
    """
    count = 0
    for serialized in shards.read_records(folder):
        pool, boxes = records.decode_pool(serialized), records.decode_example(serialized).boxes
        if pool is None or not pool.one_per_box:
            return 0  # nor has any other pool of the folder, all are of one method
        if boxes is not None:
            count += int(one_per_box.are_rectangles(pool, boxes).sum())
    return count


def single_thread() -> None:
    """One thread per process and no GPU: the processes fill the cores, and sums keep one order.

    So HED, which is a network, finds edges on the CPU, or is asked for them (`edge_server`).
    """
    hide_gpus()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    cv2.setNumThreads(1)


def _ask_for_edges(ask: Callable[[], None]) -> None:
    single_thread()
    ask()


def _shared_names(input_dir: str, source: dataset_info.DatasetInfo) -> frozenset[str]:
    """The file names, without folders and endings, that several images have."""
    ids = load_index(input_dir, source).table["source_id"].tolist()
    counts = collections.Counter(map(os.path.basename, ids))
    return frozenset(name for name, count in counts.items() if count > 1)


def _add_pool(
    serialized: bytes,
    method: str,
    options: Any,
    prune_box_iou: float,
    shared_names: frozenset[str] = frozenset(),
) -> bytes:
    example = records.decode_example(serialized)
    try:
        image = decode_image(example.encoded).numpy()
    except tf.errors.OpError as error:
        raise ValueError(f"the image is damaged: {error.message}") from None
    boxes = np.zeros((0, 4), np.float32) if example.boxes is None else example.boxes
    pool = registry.get_method(method).propose(
        ProposalInput(
            image,
            boxes,
            example.filename,
            example.labels,
            shares_name=os.path.basename(example.source_id) in shared_names,
        ),
        options,
    )
    if prune_box_iou > 0:
        pool = prune(pool, boxes, prune_box_iou)
    return records.add_pool(serialized, pool)
