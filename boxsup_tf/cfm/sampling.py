"""tf.data of the images of an epoch with the segments that are learnt from."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from boxsup_tf.cfm.config import CfmConfig
from boxsup_tf.cfm.network import CfmNetwork
from boxsup_tf.cfm.overlaps import is_object, overlaps
from boxsup_tf.cfm.projection import project
from boxsup_tf.cfm.samples import draw_segments
from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.training.sources import SUPERVISION_MASK, Source, load_source
from boxsup_tf.training.training_example import ExampleTable, TrainingExample


def load_images(folder: str) -> Source:
    """The images of a folder that have a mask.

    Raises:
        InputError: see `load_source`; or one of them has no candidates.
    """
    source = load_source(folder, SUPERVISION_MASK)
    for summary in source.examples:
        if summary.num_candidates < 0:
            raise InputError(
                f"{folder}: {summary.source_id} has no candidates: expected a folder that "
                "generate_proposals wrote"
            )
    return source


class Samples:
    """The images in another order every epoch, and of each other segments.

    Both follow the seed, the epoch and the image's id alone.

    Args:
        source: of `load_images`.
        network: that learns.
        config: of the training.
    """

    def __init__(self, source: Source, network: CfmNetwork, config: CfmConfig) -> None:
        self._network, self._config, self._epoch = network, config, 0
        self._objects = is_object(network.class_names)
        table = ExampleTable([source])
        self._num_images = len(table)
        numbers = tf.data.Dataset.from_generator(
            self._order, output_signature=tf.TensorSpec([], tf.int64)
        )
        read = table.read(numbers)
        self._dataset = read.map(self._sample, tf.data.AUTOTUNE, deterministic=True).prefetch(2)

    def __len__(self) -> int:
        """Images of an epoch."""
        return self._num_images

    def of_epoch(self, epoch: int) -> tf.data.Dataset:
        """The images of an epoch, each with segments that are learnt from, perhaps none.

        To be used up, or left, before the next epoch is asked for.

        Returns:
            Of tuples: inputs of the network, float32 [H', W', 3]; masks and boxes of the segments,
            see `project`; their labels, int64 [S]; the image's id, scalar string.
        """
        self._epoch = epoch
        return self._dataset

    def _order(self) -> Iterator[int]:
        rng = np.random.default_rng([self._config.seed, self._epoch])
        yield from rng.permutation(self._num_images)

    def _sample(self, example: TrainingExample) -> tuple[tf.Tensor, ...]:
        record = example.record
        inputs = self._network.inputs_of(record.image())
        size = tf.shape(inputs)[:2]
        masks, boxes, labels = tf.numpy_function(
            self._segments,
            [*record.pool, record.label_map(), size, record.source_id],
            [tf.bool, tf.int32, tf.int64],
        )
        masks.set_shape([None, None, None])
        boxes.set_shape([None, 4])
        labels.set_shape([None])
        return inputs, masks, boxes, labels, record.source_id

    def _segments(
        self,
        superpixels: bytes,
        membership: bytes,
        count: np.int64,
        one_per_box: np.bool_,
        checksum: np.int64,
        label_map: np.ndarray,
        inputs_size: np.ndarray,
        source_id: bytes,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draws segments of an image: their masks, boxes and labels."""
        pool = CandidatePool.unpack(
            superpixels, membership, int(count), "", bool(one_per_box), int(checksum)
        )
        found = overlaps(pool, label_map, self._objects)
        rng = np.random.default_rng([self._config.seed, self._epoch, *source_id])
        rows, labels = draw_segments(found, self._config.segments, rng)
        size = self._network.feature_size(tuple(inputs_size.tolist()))
        members, scale = found.membership[rows], self._config.scale
        return *project(found.superpixels, members, size, scale), labels
