"""Records whose contents fit together; what is wrong with the others.

The checksums of TFRecord say that a record is as it was written, not that this package wrote it.
"""

import contextlib
import math
import struct
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID
from boxsup_tf.pools.packing import MAX_PIXELS, NO_CHECKSUM, superpixels_size
from boxsup_tf.records import keys
from boxsup_tf.records.example import MAX_SIDE, PNG_START, check_image

_OF_BOXES = (keys.CLASS_LABEL, keys.DIFFICULT, keys.TRUNCATED, keys.IS_CROWD)
_MOST_CANDIDATES = 2**31 - 1
_ROUNDING = 1e-3  # of an edge, as a share of the image's side
# The graph's parser (`parsing.py`) takes no feature of another kind, and of some one value each.
_ONE_VALUE = {
    keys.IMAGE_SOURCE_ID: "bytes_list",
    keys.IMAGE_ENCODED: "bytes_list",
    keys.IMAGE_HEIGHT: "int64_list",
    keys.IMAGE_WIDTH: "int64_list",
    keys.BOXES_ANNOTATED: "int64_list",
    keys.MASK_ENCODED: "bytes_list",
    keys.CANDIDATES_SUPERPIXELS: "bytes_list",
    keys.CANDIDATES_MEMBERSHIP: "bytes_list",
    keys.CANDIDATES_COUNT: "int64_list",
    keys.CANDIDATES_ONE_PER_BOX: "int64_list",
    keys.CANDIDATES_CHECKSUM: "int64_list",
}
_KINDS = {
    **_ONE_VALUE,
    **dict.fromkeys(_OF_BOXES, "int64_list"),
    **dict.fromkeys(keys.BBOX_EDGES, "float_list"),
}


@contextlib.contextmanager
def whole_record(serialized: bytes, with_image: bool = False) -> Iterator[tf.train.Example]:
    """The message of a record.

    Args:
        serialized: the record.
        with_image: whether its image file is looked at, too: one damaged photograph must not keep
            a folder from having an index.

    Raises:
        InputError: it is none, its contents do not fit together, or what is done with it inside
            the block fails for that reason; the image is named, if it has a name.
    """
    name = "without a name"
    try:
        record = tf.train.Example.FromString(serialized)
        name = repr(string_of(record, keys.IMAGE_SOURCE_ID).decode())
        _check(record, with_image)
        yield record
    except (ValueError, LookupError, ArithmeticError, struct.error, DecodeError) as error:
        raise InputError(f"record {name}: damaged: {error}") from None


def _check(record: tf.train.Example, with_image: bool) -> None:
    for name, feature in record.features.feature.items():
        kind, found = _KINDS.get(name), feature.WhichOneof("kind")
        if kind and found and found != kind:
            raise ValueError(f"{name} holds a {found}: expected {kind}")
        if name in _ONE_VALUE and found and (count := len(getattr(feature, found).value)) != 1:
            raise ValueError(f"{name} has {count} values: expected one")
    for key in (keys.IMAGE_SOURCE_ID, keys.IMAGE_FILENAME):
        string_of(record, key).decode()
    height, width = (
        _one(record, key, 1, MAX_SIDE) for key in (keys.IMAGE_HEIGHT, keys.IMAGE_WIDTH)
    )
    encoded = string_of(record, keys.IMAGE_ENCODED)
    size = check_image(encoded, "its image", MAX_PIXELS / 1e6) if with_image else (height, width)
    if size != (height, width):
        raise ValueError(f"its image is {size} (height, width): expected {(height, width)}")
    num_boxes = _check_boxes(record) if _one(record, keys.BOXES_ANNOTATED, 0, 1) else 0
    for key in _OF_BOXES:
        if len(integers_of(record, key)) != num_boxes:
            raise ValueError(f"{key}: expected a value for each of {num_boxes} boxes")
    if mask := string_of(record, keys.MASK_ENCODED):
        sides = struct.unpack(">II", mask[16:24])[::-1]
        if not mask.startswith(PNG_START) or sides != (height, width):
            raise ValueError(f"its mask is no PNG of {height} x {width} pixels (height x width)")
    if superpixels := string_of(record, keys.CANDIDATES_SUPERPIXELS):
        string_of(record, keys.CANDIDATES_METHOD).decode()
        if math.prod(superpixels_size(superpixels)) > MAX_PIXELS:
            raise ValueError(f"its pool is of {superpixels_size(superpixels)} (height, width)")
        _one(record, keys.CANDIDATES_COUNT, 0, _MOST_CANDIDATES)
        _one(record, keys.CANDIDATES_ONE_PER_BOX, 0, 1)
        string_of(record, keys.CANDIDATES_MEMBERSHIP)
        if keys.CANDIDATES_CHECKSUM in record.features.feature:
            _one(record, keys.CANDIDATES_CHECKSUM, NO_CHECKSUM, 2**32 - 1)


def _check_boxes(record: tf.train.Example) -> int:
    """Their number."""
    features = record.features.feature
    edges = np.stack([np.array(features[n].float_list.value, np.float32) for n in keys.BBOX_EDGES])
    ymin, xmin, ymax, xmax = edges
    if not ((edges >= -_ROUNDING) & (edges <= 1 + _ROUNDING)).all():
        raise ValueError("a box reaches out of the image, or is none")
    if (ymax < ymin).any() or (xmax < xmin).any():
        raise ValueError("a box ends before it begins")
    labels = integers_of(record, keys.CLASS_LABEL)
    if labels.size and not 0 <= labels.min() <= labels.max() < VOID:
        raise ValueError(f"labels {labels.min()} .. {labels.max()}: expected 0 .. {VOID - 1}")
    return edges.shape[1]


def _one(record: tf.train.Example, name: str, least: float, most: float = math.inf) -> int:
    (value,) = integers_of(record, name).tolist() or (None,)  # or there are several: ValueError
    if value is None or not least <= value <= most:
        raise ValueError(f"{name} is {value}: expected a number from {least} to {most}")
    return value


def string_of(record: tf.train.Example, name: str) -> bytes:
    """The value of a feature; empty where there is none."""
    if name not in record.features.feature:  # to look for it would make it
        return b""
    values = record.features.feature[name].bytes_list.value
    if len(values) > 1:
        raise ValueError(f"{name} has {len(values)} values: expected one")
    return values[0] if values else b""


def integers_of(record: tf.train.Example, name: str) -> np.ndarray:
    """int64 [n], the values of a feature."""
    if name not in record.features.feature:
        return np.zeros(0, np.int64)
    return np.array(record.features.feature[name].int64_list.value, np.int64)
