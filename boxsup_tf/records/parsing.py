"""Records inside a TensorFlow graph: parsed in one place, decoded when asked."""

from typing import NamedTuple

import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.pools.packing import NO_CHECKSUM
from boxsup_tf.pools.pool_ops import PackedPool
from boxsup_tf.records import keys
from boxsup_tf.records.example import decode_image


class Record(NamedTuple):
    """What a graph knows of a record; image, mask and pool are still encoded.

    Attributes:
        source_id: scalar string, the example's.
        encoded: scalar string, the image file.
        size: int64 [2], the image's height and width, pixels.
        boxes: float32 [B, 4], yxyx half-open, pixels.
        labels: int32 [B]; 0 for a box of no class.
        is_crowd, difficult: bool [B].
        has_boxes: scalar bool: boxes were annotated (perhaps none was found).
        mask: scalar string, a PNG of labels; empty where there is no class mask.
        pool: the candidates; its strings are empty where there is no pool.
    """

    source_id: tf.Tensor
    encoded: tf.Tensor
    size: tf.Tensor
    boxes: tf.Tensor
    labels: tf.Tensor
    is_crowd: tf.Tensor
    difficult: tf.Tensor
    has_boxes: tf.Tensor
    mask: tf.Tensor
    pool: PackedPool

    def image(self) -> tf.Tensor:
        """uint8 [H, W, 3], RGB."""
        return decode_image(self.encoded)

    def has_mask(self) -> tf.Tensor:
        """Scalar bool."""
        return tf.strings.length(self.mask) > 0

    def label_map(self) -> tf.Tensor:
        """int32 [H, W], the class mask; all void where there is none."""

        def decode() -> tf.Tensor:
            return tf.cast(tf.io.decode_png(self.mask, 1)[:, :, 0], tf.int32)

        label_map = tf.cond(self.has_mask(), decode, lambda: tf.fill(self.size, VOID))
        return tf.ensure_shape(label_map, [None, None])


def _list(dtype: tf.DType) -> tf.io.FixedLenSequenceFeature:
    return tf.io.FixedLenSequenceFeature([], dtype, allow_missing=True)


_STRINGS = (
    *(keys.IMAGE_SOURCE_ID, keys.IMAGE_ENCODED, keys.MASK_ENCODED),
    *(keys.CANDIDATES_SUPERPIXELS, keys.CANDIDATES_MEMBERSHIP),
)
_INTEGERS = (
    *(keys.IMAGE_HEIGHT, keys.IMAGE_WIDTH, keys.BOXES_ANNOTATED),
    *(keys.CANDIDATES_COUNT, keys.CANDIDATES_ONE_PER_BOX),
)
# What parse_single_example is asked for; a feature that is not listed is never decoded.
_FEATURES = {
    **{name: tf.io.FixedLenFeature([], tf.string, "") for name in _STRINGS},
    **{name: tf.io.FixedLenFeature([], tf.int64, 0) for name in _INTEGERS},
    keys.CANDIDATES_CHECKSUM: tf.io.FixedLenFeature([], tf.int64, NO_CHECKSUM),
    **{name: _list(tf.float32) for name in keys.BBOX_EDGES},
    **{name: _list(tf.int64) for name in (keys.CLASS_LABEL, keys.IS_CROWD, keys.DIFFICULT)},
}


def parse(serialized: tf.Tensor) -> Record:
    """Parses a record (scalar string) inside a graph, without decoding images."""
    features = tf.io.parse_single_example(serialized, _FEATURES)
    size = tf.stack([features[keys.IMAGE_HEIGHT], features[keys.IMAGE_WIDTH]])
    edges = tf.stack([features[name] for name in keys.BBOX_EDGES], axis=1)
    return Record(
        source_id=features[keys.IMAGE_SOURCE_ID],
        encoded=features[keys.IMAGE_ENCODED],
        size=size,
        boxes=edges * tf.cast(tf.tile(size, [2]), tf.float32)[None, :],
        labels=tf.cast(features[keys.CLASS_LABEL], tf.int32),
        is_crowd=features[keys.IS_CROWD] > 0,
        difficult=features[keys.DIFFICULT] > 0,
        has_boxes=features[keys.BOXES_ANNOTATED] > 0,
        mask=features[keys.MASK_ENCODED],
        pool=PackedPool(
            features[keys.CANDIDATES_SUPERPIXELS],
            features[keys.CANDIDATES_MEMBERSHIP],
            features[keys.CANDIDATES_COUNT],
            features[keys.CANDIDATES_ONE_PER_BOX] > 0,
            features[keys.CANDIDATES_CHECKSUM],
        ),
    )
