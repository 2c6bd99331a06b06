"""Adds a candidate pool to every example of a folder of TFRecords."""

import concurrent.futures
import dataclasses
import functools
import multiprocessing
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.data import dataset_info, records, writer
from boxsup_tf.data.example import decode_image
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.registry import get_method
from boxsup_tf.proposals.subject import Subject


def generate(
    input_dir: str,
    output_dir: str,
    method: str,
    options: Any,
    num_workers: int,
) -> dataset_info.DatasetInfo:
    """Writes the examples of `input_dir` with pools to `output_dir`, shard by shard.

    The result does not depend on the number of workers. An interrupted run goes on with the
    first missing shard.

    Args:
        input_dir: written by prepare_data.py (or by this function: pools are replaced).
        output_dir: made if need be.
        method: see `registry.method_names`.
        options: of the method, see `registry.make_options`.
        num_workers: processes.

    Returns:
        The output's dataset.json.

    Raises:
        InputError: unknown method; no or unfinished input; `output_dir` holds pools of
            another dataset or of other settings; a pool cannot be made.
    """
    get_method(method)
    source = dataset_info.load_complete(input_dir)
    if os.path.realpath(input_dir) == os.path.realpath(output_dir):
        raise InputError(f"--output_dir={output_dir}: is the input: expected another folder")
    settings = {
        **source.settings,
        "examples_digest": source.digest,
        "method": method,
        **dataclasses.asdict(options),
    }
    info = dataset_info.DatasetInfo(settings, source.class_names, source.num_shards)
    work = functools.partial(_add_pool, method=method, options=options)
    # Workers are spawned: TensorFlow's threads do not survive a fork.
    with concurrent.futures.ProcessPoolExecutor(
        max(1, num_workers), multiprocessing.get_context("spawn"), _one_thread_each
    ) as executor:

        def make_records(indices: range) -> Iterator[bytes]:
            return executor.map(work, writer.read_range(input_dir, source, indices))

        try:
            return writer.write_dataset(
                output_dir, info, source.num_images, make_records, method, source.digest
            )
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _one_thread_each() -> None:
    """One thread a process: the processes fill the cores, and sums keep one order."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _add_pool(serialized: bytes, method: str, options: Any) -> bytes:
    example = records.decode_example(serialized)
    try:
        image = decode_image(example.encoded).numpy()
        boxes = np.zeros((0, 4), np.float32) if example.boxes is None else example.boxes
        subject = Subject(image, boxes, example.filename)
        pool = get_method(method).propose(subject, options)
    except (ValueError, tf.errors.OpError) as error:
        raise InputError(f"{example.filename}: {method} failed: {error}") from None
    return records.add_pool(serialized, pool)
