"""Size and time of packed candidate pools: their cost in a training's input pipeline.

    python benchmarks/unpacking.py --json=unpacking.json

Pools are those of mcg, 5,000 candidates of up to 800 superpixels, of generated images of 480 x
640 pixels. As for every training crop, the superpixels and the members of five candidates are
unpacked by a tf.data pipeline of one thread. Each repeat unpacks all pools once; the figures
are medians over repeats. On a busy machine only the processor time means anything.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import time
from collections.abc import Iterator

import numpy as np
import program
import tensorflow as tf
from absl import flags
from tqdm import tqdm

from boxsup_tf.data import shapes
from boxsup_tf.io.json_file import write_json
from boxsup_tf.pools import pool_ops
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.packing import NO_CHECKSUM
from boxsup_tf.proposals.registry import propose

_NUM_IMAGES = flags.DEFINE_integer("num_images", 8, "Generated images.", lower_bound=1)
_NUM_REPEATS = flags.DEFINE_integer("num_repeats", 50, "Times all are unpacked.", lower_bound=1)
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")

_HEIGHT, _WIDTH = 480, 640
_NUM_BOXES = 5


def main(_: object) -> None:
    pools = [_make_pool(i) for i in tqdm(range(_NUM_IMAGES.value), "pools", unit="image")]
    start = time.process_time()
    packed = [pool.pack() for pool in pools]
    pack_seconds = time.process_time() - start
    wall, processor = np.array(list(_time_repeats(pools, packed))).T
    sizes = np.array([[len(part) for part in pair] for pair in packed]).mean(axis=0)
    results = {
        "unpack_ms": 1000 * float(np.median(wall)),
        "unpack_processor_ms": 1000 * float(np.median(processor)),
        "pack_processor_ms": 1000 * pack_seconds / len(pools),
        "bytes_per_image": float(sizes.sum()),
        "superpixel_bytes_per_image": float(sizes[0]),
        "membership_bytes_per_image": float(sizes[1]),
        "candidates_per_image": float(np.mean([pool.num_candidates for pool in pools])),
        "superpixels_per_image": float(np.mean([pool.membership.shape[1] for pool in pools])),
        "num_images": len(pools),
        "num_repeats": _NUM_REPEATS.value,
    }
    for name, value in results.items():
        print(f"{name:>28} {value:12,.2f}")
    if _JSON.value:
        write_json(_JSON.value, results)


def _make_pool(index: int) -> CandidatePool:
    # Sides vary by an eighth: none is shorter than the part that is cut out.
    image = shapes.draw_scene(np.random.default_rng([0, index]), _WIDTH * 8 // 7 + 1)[0]
    return propose(image[:_HEIGHT, :_WIDTH].copy(), "mcg", edges="gradient")


def _time_repeats(
    pools: list[CandidatePool], packed: list[tuple[bytes, bytes]]
) -> Iterator[tuple[float, float]]:
    """Seconds per image in each repeat: by the clock, and of the processor."""
    rng = np.random.default_rng(0)
    candidates = [rng.integers(0, pool.num_candidates, _NUM_BOXES) for pool in pools]
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    columns = (
        *map(list, zip(*packed, strict=True)),
        np.array([pool.num_candidates for pool in pools], np.int64),
        np.array(candidates, np.int32),
    )
    dataset = tf.data.Dataset.from_tensor_slices(columns).repeat().map(_unpack)
    iterator = iter(dataset.with_options(options))
    for repeat in range(_NUM_REPEATS.value + 1):
        started = time.perf_counter(), time.process_time()
        for _ in pools:
            next(iterator)
        if repeat > 0:  # the first one warms up
            seconds = time.perf_counter() - started[0], time.process_time() - started[1]
            yield seconds[0] / len(pools), seconds[1] / len(pools)


def _unpack(
    superpixels: tf.Tensor, membership: tf.Tensor, count: tf.Tensor, candidates: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    no, unknown = tf.constant(False), tf.constant(NO_CHECKSUM, tf.int64)
    pool = pool_ops.unpack(pool_ops.PackedPool(superpixels, membership, count, no, unknown))
    return pool.superpixels, pool_ops.members_of(pool.membership, candidates)


if __name__ == "__main__":
    program.run(main)
