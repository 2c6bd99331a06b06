"""Examples as tf.train.Example, and back: in Python and inside a graph."""

import dataclasses

import numpy as np
import tensorflow as tf

from boxsup_tf import fields, packing
from boxsup_tf.candidates import CandidatePool
from boxsup_tf.data.example import Example, decode_image, decode_mask, encode_mask

_STRINGS = (
    fields.IMAGE_ENCODED,
    fields.IMAGE_SOURCE_ID,
    fields.IMAGE_FILENAME,
    fields.MASK_ENCODED,
    fields.CANDIDATES_SUPERPIXELS,
    fields.CANDIDATES_MEMBERSHIP,
)
_INTEGERS = (
    fields.IMAGE_HEIGHT,
    fields.IMAGE_WIDTH,
    fields.BOXES_ANNOTATED,
    fields.CANDIDATES_COUNT,
    fields.CANDIDATES_ONE_PER_BOX,
)
_BOX_EDGES = (fields.BBOX_YMIN, fields.BBOX_XMIN, fields.BBOX_YMAX, fields.BBOX_XMAX)
_BOX_INTEGERS = (fields.CLASS_LABEL, fields.IS_CROWD, fields.DIFFICULT)

# What parse_single_example is asked for; a name that a caller leaves out is never decoded.
_FEATURES = (
    {name: tf.io.FixedLenFeature([], tf.string, default_value="") for name in _STRINGS}
    | {name: tf.io.FixedLenFeature([], tf.int64, default_value=0) for name in _INTEGERS}
    | {
        name: tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True)
        for name in _BOX_EDGES
    }
    | {
        name: tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True)
        for name in _BOX_INTEGERS
    }
)


# What `parse` gives of a record, inside a graph.
Parsed = dict[str, tf.Tensor]


def encode_example(example: Example, class_names: tuple[str, ...]) -> bytes:
    """A serialised tf.train.Example, the same bytes for the same example."""
    record = tf.train.Example()
    _set_bytes(record, fields.IMAGE_ENCODED, example.encoded)
    _set_bytes(record, fields.IMAGE_FORMAT, example.format.encode())
    _set_bytes(record, fields.IMAGE_FILENAME, example.filename.encode())
    _set_bytes(record, fields.IMAGE_SOURCE_ID, example.source_id.encode())
    _set_ints(record, fields.IMAGE_HEIGHT, [example.height])
    _set_ints(record, fields.IMAGE_WIDTH, [example.width])
    _set_ints(record, fields.BOXES_ANNOTATED, [example.boxes is not None])
    if example.boxes is not None:
        size = np.array([example.height, example.width] * 2, np.float32)
        edges = (example.boxes.astype(np.float32).reshape(-1, 4) / size).T
        for name, values in zip(_BOX_EDGES, edges, strict=True):
            record.features.feature[name].float_list.value.extend(values.tolist())
        _set_ints(record, fields.CLASS_LABEL, example.labels)
        names = (fields.IGNORED_TEXT, *class_names[1:])
        texts = [names[label].encode() for label in example.labels]
        record.features.feature[fields.CLASS_TEXT].bytes_list.value.extend(texts)
        _set_ints(record, fields.DIFFICULT, example.difficult)
        _set_ints(record, fields.TRUNCATED, example.truncated)
        _set_ints(record, fields.IS_CROWD, example.is_crowd)
    if example.mask is not None:
        _set_bytes(record, fields.MASK_ENCODED, encode_mask(example.mask))
        _set_bytes(record, fields.MASK_FORMAT, b"png")
    return record.SerializeToString(deterministic=True)


def decode_example(serialized: bytes) -> Example:
    """The inverse of `encode_example`."""
    record = tf.train.Example.FromString(serialized)
    height, width = (_ints(record, n)[0] for n in (fields.IMAGE_HEIGHT, fields.IMAGE_WIDTH))
    boxes = None
    if _ints(record, fields.BOXES_ANNOTATED)[0]:
        features = record.features.feature
        edges = [np.array(features[name].float_list.value, np.float32) for name in _BOX_EDGES]
        boxes = np.stack(edges, axis=1) * np.array([height, width] * 2, np.float32)
    mask = _bytes(record, fields.MASK_ENCODED)
    return Example(
        source_id=_bytes(record, fields.IMAGE_SOURCE_ID).decode(),
        filename=_bytes(record, fields.IMAGE_FILENAME).decode(),
        encoded=_bytes(record, fields.IMAGE_ENCODED),
        height=int(height),
        width=int(width),
        boxes=boxes,
        labels=_ints(record, fields.CLASS_LABEL),
        difficult=_ints(record, fields.DIFFICULT).astype(bool),
        truncated=_ints(record, fields.TRUNCATED).astype(bool),
        is_crowd=_ints(record, fields.IS_CROWD).astype(bool),
        mask=decode_mask(mask) if mask else None,
    )


def add_pool(serialized: bytes, pool: CandidatePool) -> bytes:
    """The record of an example with its candidate pool added (or replaced)."""
    record = tf.train.Example.FromString(serialized)
    superpixels, membership = pool.pack()
    _set_bytes(record, fields.CANDIDATES_SUPERPIXELS, superpixels)
    _set_bytes(record, fields.CANDIDATES_MEMBERSHIP, membership)
    _set_bytes(record, fields.CANDIDATES_METHOD, pool.method.encode())
    _set_ints(record, fields.CANDIDATES_COUNT, [pool.num_candidates])
    _set_ints(record, fields.CANDIDATES_ONE_PER_BOX, [pool.one_per_box])
    return record.SerializeToString(deterministic=True)


def decode_pool(serialized: bytes) -> CandidatePool | None:
    """The candidate pool of a record; None where it has none."""
    record = tf.train.Example.FromString(serialized)
    if fields.CANDIDATES_COUNT not in record.features.feature:
        return None
    return CandidatePool.unpack(
        _bytes(record, fields.CANDIDATES_SUPERPIXELS),
        _bytes(record, fields.CANDIDATES_MEMBERSHIP),
        int(_ints(record, fields.CANDIDATES_COUNT)[0]),
        _bytes(record, fields.CANDIDATES_METHOD).decode(),
        bool(_ints(record, fields.CANDIDATES_ONE_PER_BOX)[0]),
    )


def parse(serialized: tf.Tensor) -> Parsed:
    """Parses a record inside a graph, without decoding images.

    Args:
        serialized: scalar string.

    Returns:
        The record's features under their keys in `fields`, plus `fields.BOXES`: float32
        [B, 4] in pixels, and `fields.LABELS`: int32 [B].
    """
    parsed = tf.io.parse_single_example(serialized, _FEATURES)
    size = tf.stack([parsed[fields.IMAGE_HEIGHT], parsed[fields.IMAGE_WIDTH]] * 2)
    edges = tf.stack([parsed.pop(name) for name in _BOX_EDGES], axis=1)
    parsed[fields.BOXES] = edges * tf.cast(size, tf.float32)[None, :]
    parsed[fields.LABELS] = tf.cast(parsed.pop(fields.CLASS_LABEL), tf.int32)
    return parsed


def image_size(parsed: Parsed) -> tf.Tensor:
    """int64 [2]: height and width of a parsed record's image."""
    return tf.stack([parsed[fields.IMAGE_HEIGHT], parsed[fields.IMAGE_WIDTH]])


def decode_label_map(parsed: Parsed) -> tf.Tensor:
    """int32 [H, W] of a parsed record's class mask; all void where it has none."""
    shape = image_size(parsed)

    def decode() -> tf.Tensor:
        return tf.cast(tf.io.decode_png(parsed[fields.MASK_ENCODED], 1)[:, :, 0], tf.int32)

    has_mask = tf.strings.length(parsed[fields.MASK_ENCODED]) > 0
    label_map = tf.cond(has_mask, decode, lambda: tf.fill(shape, fields.VOID))
    return tf.ensure_shape(label_map, [None, None])


def decode_parsed_image(parsed: Parsed) -> tf.Tensor:
    """uint8 [H, W, 3], RGB, of a parsed record."""
    return decode_image(parsed[fields.IMAGE_ENCODED])


@dataclasses.dataclass(frozen=True)
class Summary:
    """What a program needs to know of a record without decoding its pixels.

    Attributes:
        source_id: the example's.
        size: (height, width) of the image, pixels.
        num_boxes: number of boxes; None where boxes were not annotated.
        num_ignored: how many of them are of no class.
        has_mask: whether there is a class mask.
        num_candidates: size of its pool; None where it has none.
        one_per_box: whether the pool's candidate n belongs to box n alone.
        pool_size: (height, width) of the superpixel map; None without a pool.
    """

    source_id: str
    size: tuple[int, int]
    num_boxes: int | None
    num_ignored: int
    has_mask: bool
    num_candidates: int | None
    one_per_box: bool
    pool_size: tuple[int, int] | None


def summarize(serialized: bytes) -> Summary:
    """The summary of a record."""
    record = tf.train.Example.FromString(serialized)
    height, width = (int(_ints(record, n)[0]) for n in (fields.IMAGE_HEIGHT, fields.IMAGE_WIDTH))
    annotated = bool(_ints(record, fields.BOXES_ANNOTATED)[0])
    labels = _ints(record, fields.CLASS_LABEL)
    superpixels = _bytes(record, fields.CANDIDATES_SUPERPIXELS)
    return Summary(
        source_id=_bytes(record, fields.IMAGE_SOURCE_ID).decode(),
        size=(height, width),
        num_boxes=len(labels) if annotated else None,
        num_ignored=int(np.count_nonzero(labels == fields.BACKGROUND)),
        has_mask=bool(_bytes(record, fields.MASK_ENCODED)),
        num_candidates=int(_ints(record, fields.CANDIDATES_COUNT)[0]) if superpixels else None,
        one_per_box=bool(superpixels) and bool(_ints(record, fields.CANDIDATES_ONE_PER_BOX)[0]),
        pool_size=packing.superpixels_size(superpixels) if superpixels else None,
    )


def _set_bytes(record: tf.train.Example, name: str, value: bytes) -> None:
    record.features.feature[name].bytes_list.value[:] = [value]


def _set_ints(record: tf.train.Example, name: str, values: np.ndarray | list) -> None:
    record.features.feature[name].int64_list.value[:] = [int(value) for value in values]


def _bytes(record: tf.train.Example, name: str) -> bytes:
    values = record.features.feature[name].bytes_list.value
    return values[0] if values else b""


def _ints(record: tf.train.Example, name: str) -> np.ndarray:
    return np.array(record.features.feature[name].int64_list.value, np.int64)
