"""What fuzz.py damages of candidates and records: those computed elsewhere, shards, the index."""

import functools
import json
import os

import numpy as np
import scipy.io
import tensorflow as tf
from fuzz_reader import SIDE, Reader, digest, put, shapes
from pycocotools import mask as mask_utils

from boxsup_tf.data.prepare import prepare
from boxsup_tf.drawing import write_palette_png
from boxsup_tf.errors import InputError
from boxsup_tf.pools import pool_ops
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.importers import coco_rle, label_png, mcg_mat
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.dataset_info import DatasetInfo, load_complete
from boxsup_tf.records.index import load_index, summarize
from boxsup_tf.records.parsing import parse
from boxsup_tf.records.records import add_pool, decode_example, decode_pool, encode_example
from boxsup_tf.records.shards import read_records
from boxsup_tf.records.writer import write_dataset
from boxsup_tf.training.sources import load_source

_SHARD = "data-00000-of-00001.tfrecord"


def _labels() -> np.ndarray:
    return (np.arange(SIDE**2) * 30 // SIDE**2).reshape(SIDE, SIDE)


def _inputs() -> ProposalInput:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    return ProposalInput(image, np.zeros((0, 4), np.float32), "a.jpg")


def _digests(pool: CandidatePool) -> list[str]:
    return [digest(part) for part in pool.pack()]


def _write_mcg(folder: str) -> None:
    rng = np.random.default_rng(0)
    labels = np.empty((20, 1), object)
    for number in range(20):
        labels[number, 0] = rng.choice(30, 5, replace=False)[None] + 1.0
    content = {"superpixels": _labels() + 1, "labels": labels}
    for name, packed in (("a.mat", True), ("plain/a.mat", False)):
        scipy.io.savemat(put(folder, name, b""), content, do_compression=packed)


def _read_mcg(folder: str) -> list[str]:
    plain = mcg_mat.read(os.path.join(folder, "plain"), _inputs())
    return _digests(mcg_mat.read(folder, _inputs())) + _digests(plain)


def _write_rle(folder: str) -> None:
    results = []
    for number in range(4):
        rle = mask_utils.encode(np.asfortranarray(_labels() % 4 == number, np.uint8))
        packed = {"size": rle["size"], "counts": rle["counts"].decode()}
        results.append({"image_id": 1, "score": number / 4, "segmentation": packed})
    results.append({"image_id": 1, "score": 0.1, "segmentation": [[1, 1, 9, 1, 9, 30]]})
    named = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": results}
    put(folder, "all.json", json.dumps(named))
    put(folder, "each/a.json", json.dumps(results))


def _read_rle(folder: str) -> list[str]:
    paths = (os.path.join(folder, name) for name in ("all.json", "each"))
    return [name for path in paths for name in _digests(coco_rle.read(path, _inputs()))]


def _write_label_png(folder: str) -> None:
    write_palette_png(put(folder, "a.png", b""), _labels())
    for number in range(2):
        mask = np.where(_labels() % 2 == number, 255, 0).astype(np.uint8)
        put(folder, f"a/{number}.png", tf.io.encode_png(mask[:, :, None]).numpy())


def _prepared(folder: str) -> None:
    prepare(shapes(), folder, 1)


def _with_pools(folder: str, with_checksum: bool = True) -> None:
    data = shapes()

    def make(indices: range) -> list[bytes]:
        records = []
        for index in indices:
            example = data[index]
            size = example.height, example.width
            superpixels = (np.arange(size[0] * size[1]) * 30 // (size[0] * size[1])).reshape(size)
            members = np.random.default_rng(index).random((20, 30)) < 0.3
            members[:, 0] = True
            pool = CandidatePool(superpixels.astype(np.int32), members, "fuzz")
            records.append(add_pool(encode_example(example, data.class_names), pool))
            if not with_checksum:
                record = tf.train.Example.FromString(records[-1])
                del record.features.feature["image/candidates/checksum"]
                records[-1] = record.SerializeToString(deterministic=True)
        return records

    write_dataset(folder, DatasetInfo({"method": "fuzz"}, data.class_names, 1), len(data), make, "")


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def _in_graph(serialized: tf.Tensor) -> tuple[tf.Tensor, ...]:
    record = parse(serialized)
    pool = pool_ops.unpack(record.pool)
    members = pool_ops.stored_members(pool.membership)
    members = pool_ops.in_pool_order(pool.membership, members)
    return record.boxes, record.label_map(), pool.superpixels, members


def _by_both(serialized: bytes) -> list[str]:
    """What NumPy and a graph read, which must be the same; or both refuse the pool."""
    example = decode_example(serialized)
    try:
        pool, refusal = decode_pool(serialized), None
    except InputError as error:
        pool, refusal = None, error
    try:
        boxes, label_map, superpixels, members = (part.numpy() for part in _in_graph(serialized))
    except tf.errors.InvalidArgumentError as error:
        if pool is None:
            raise refusal or InputError("record without a pool") from None
        raise RuntimeError(f"the graph refuses what NumPy reads: {error.message}") from None
    if pool is None:
        raise RuntimeError(f"the graph reads a pool that NumPy refuses: {refusal}")
    same = np.array_equal(pool.superpixels, superpixels)
    same &= np.array_equal(pool.membership.T, members)
    same &= np.array_equal(np.zeros((0, 4)) if example.boxes is None else example.boxes, boxes)
    same &= example.mask is None or np.array_equal(example.mask, label_map)
    if not same:
        raise RuntimeError("a graph reads something else than NumPy")
    return [*_digests(pool), digest(boxes), digest(label_map), example.source_id]


def _read_shard(folder: str) -> list[str]:
    load_complete(folder)
    found = []
    for record in read_records(folder):
        example = decode_example(record)
        found += [digest(record), str(summarize(record)), example.source_id]
    return found


def _read_pools(folder: str) -> list[str]:
    load_source(folder, "box")
    return [part for record in read_records(folder) for part in _by_both(record)]


def _read_index(folder: str) -> list[str]:
    index = load_index(folder, load_complete(folder))
    return [str(summary) for summary in index]


READERS = {
    "mcg_mat": Reader(("a.mat", "plain/a.mat"), _write_mcg, _read_mcg),
    "coco_rle": Reader(("all.json", "each/a.json"), _write_rle, _read_rle),
    "label_png": Reader(
        ("a.png", "a/0.png"),
        _write_label_png,
        lambda folder: _digests(label_png.read(folder, _inputs())),
    ),
    "dataset_json": Reader(("dataset.json",), _prepared, _read_shard),
    "shard": Reader((_SHARD,), _prepared, _read_shard, has_checksum=True, names=("record ",)),
    "record": Reader((_SHARD,), _prepared, _read_shard, "record", names=("record ",)),
    "pool": Reader(
        (_SHARD,),
        _with_pools,
        _read_pools,
        "record",
        names=("record ",),
    ),
    "pool_of_old": Reader(
        (_SHARD,),
        functools.partial(_with_pools, with_checksum=False),
        _read_pools,
        "record",
        names=("record ",),
    ),
    "index": Reader(("index.npz",), _with_pools, _read_index),
}
