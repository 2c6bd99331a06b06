"""Examples as tf.train.Example, and back: in Python and inside a graph."""

import numpy as np
import tensorflow as tf

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.pools.packing import NO_CHECKSUM, checksum_of
from boxsup_tf.records import keys
from boxsup_tf.records.example import Example, decode_mask, encode_mask
from boxsup_tf.records.whole_record import integers_of, string_of, whole_record


def encode_example(example: Example, class_names: tuple[str, ...]) -> bytes:
    """A serialised tf.train.Example, the same bytes for the same example.

    Raises:
        InputError: the example's parts do not fit together, so it could not be read back; see
            `whole_record`.
    """
    record = tf.train.Example()
    _set_bytes(record, keys.IMAGE_ENCODED, example.encoded)
    _set_bytes(record, keys.IMAGE_FORMAT, example.format.encode())
    _set_bytes(record, keys.IMAGE_FILENAME, example.filename.encode())
    _set_bytes(record, keys.IMAGE_SOURCE_ID, example.source_id.encode())
    _set_ints(record, keys.IMAGE_HEIGHT, [example.height])
    _set_ints(record, keys.IMAGE_WIDTH, [example.width])
    _set_ints(record, keys.BOXES_ANNOTATED, [example.boxes is not None])
    if example.boxes is not None:
        size = np.array([example.height, example.width] * 2, np.float32)
        edges = (example.boxes.astype(np.float32).reshape(-1, 4) / size).T
        for name, values in zip(keys.BBOX_EDGES, edges, strict=True):
            record.features.feature[name].float_list.value.extend(values.tolist())
        _set_ints(record, keys.CLASS_LABEL, example.labels)
        names = (keys.IGNORED_TEXT, *class_names[1:])
        texts = [names[label].encode() for label in example.labels]
        record.features.feature[keys.CLASS_TEXT].bytes_list.value.extend(texts)
        _set_ints(record, keys.DIFFICULT, example.difficult)
        _set_ints(record, keys.TRUNCATED, example.truncated)
        _set_ints(record, keys.IS_CROWD, example.is_crowd)
    if example.mask is not None:
        _set_bytes(record, keys.MASK_ENCODED, encode_mask(example.mask))
        _set_bytes(record, keys.MASK_FORMAT, b"png")
    if example.repairs:
        texts = [text.encode() for text in example.repairs]
        record.features.feature[keys.REPAIRS].bytes_list.value.extend(texts)
    serialized = record.SerializeToString(deterministic=True)
    with whole_record(serialized):
        return serialized


def decode_example(serialized: bytes) -> Example:
    """The inverse of `encode_example`.

    Raises:
        InputError: see `whole_record`.
    """
    with whole_record(serialized, with_image=True) as record:
        height, width = (integers_of(record, n)[0] for n in (keys.IMAGE_HEIGHT, keys.IMAGE_WIDTH))
        boxes = None
        if integers_of(record, keys.BOXES_ANNOTATED)[0]:
            features = record.features.feature
            edges = [np.array(features[n].float_list.value, np.float32) for n in keys.BBOX_EDGES]
            boxes = np.stack(edges, axis=1) * np.array([height, width] * 2, np.float32)
        mask = string_of(record, keys.MASK_ENCODED)
        return Example(
            source_id=string_of(record, keys.IMAGE_SOURCE_ID).decode(),
            filename=string_of(record, keys.IMAGE_FILENAME).decode(),
            encoded=string_of(record, keys.IMAGE_ENCODED),
            height=int(height),
            width=int(width),
            boxes=boxes,
            labels=integers_of(record, keys.CLASS_LABEL),
            difficult=integers_of(record, keys.DIFFICULT).astype(bool),
            truncated=integers_of(record, keys.TRUNCATED).astype(bool),
            is_crowd=integers_of(record, keys.IS_CROWD).astype(bool),
            mask=decode_mask(mask) if mask else None,
            repairs=repairs_of(record),
        )


def add_pool(serialized: bytes, pool: CandidatePool) -> bytes:
    """The record of an example with its candidate pool added (or replaced)."""
    record = tf.train.Example.FromString(serialized)
    superpixels, membership = pool.pack()
    _set_bytes(record, keys.CANDIDATES_SUPERPIXELS, superpixels)
    _set_bytes(record, keys.CANDIDATES_MEMBERSHIP, membership)
    _set_bytes(record, keys.CANDIDATES_METHOD, pool.method.encode())
    _set_ints(record, keys.CANDIDATES_COUNT, [pool.num_candidates])
    _set_ints(record, keys.CANDIDATES_ONE_PER_BOX, [pool.one_per_box])
    checksum = checksum_of(superpixels, membership, pool.num_candidates, pool.one_per_box)
    _set_ints(record, keys.CANDIDATES_CHECKSUM, [checksum])
    return record.SerializeToString(deterministic=True)


def decode_pool(serialized: bytes) -> CandidatePool | None:
    """The candidate pool of a record; None where it has none.

    Raises:
        InputError: see `whole_record`; or the pool is damaged.
    """
    with whole_record(serialized) as record:
        if keys.CANDIDATES_COUNT not in record.features.feature:
            return None
        return CandidatePool.unpack(
            string_of(record, keys.CANDIDATES_SUPERPIXELS),
            string_of(record, keys.CANDIDATES_MEMBERSHIP),
            int(integers_of(record, keys.CANDIDATES_COUNT)[0]),
            string_of(record, keys.CANDIDATES_METHOD).decode(),
            bool(integers_of(record, keys.CANDIDATES_ONE_PER_BOX)[0]),
            next(iter(integers_of(record, keys.CANDIDATES_CHECKSUM).tolist()), NO_CHECKSUM),
        )


def _set_bytes(record: tf.train.Example, name: str, value: bytes) -> None:
    record.features.feature[name].bytes_list.value[:] = [value]


def _set_ints(record: tf.train.Example, name: str, values: np.ndarray | list) -> None:
    record.features.feature[name].int64_list.value[:] = [int(value) for value in values]


def repairs_of(record: tf.train.Example) -> tuple[str, ...]:
    """What was mended in the example's annotations; see `example.Example`."""
    if keys.REPAIRS not in record.features.feature:  # to look for it would make it
        return ()
    return tuple(text.decode() for text in record.features.feature[keys.REPAIRS].bytes_list.value)
