"""The images of a folder that have masks, to be compared with a network's label maps."""

import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.errors import InputError
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.metrics.count_in_graph import count_pixels
from boxsup_tf.records.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.records.parsing import Record, parse


class MaskedImages:
    """Reads a folder's images that have masks, as often as asked.

    Args:
        folder: of TFRecords.
        info: its dataset.json.
        inputs: what a network is given of a record, inside a graph.

    Attributes:
        num_images: that have masks.
        records: these, a dataset of `Record`s.
        inputs_spec: of what `inputs` gives.

    Raises:
        InputError: a shard is missing, or no image has a mask.
    """

    def __init__(
        self,
        folder: str,
        info: DatasetInfo,
        inputs: Callable[[Record], Any],
    ) -> None:
        if info.num_images_with_masks == 0:
            raise InputError(f"{folder}: none of {info.num_images} images has a class mask")
        paths = shard_paths(folder, info.num_shards)
        for path in paths:
            if not os.path.exists(path):
                raise InputError(f"{path}: shard not found: expected {info.num_shards} shards")
        self._folder, self._num_classes = folder, len(info.class_names)
        self.num_images = info.num_images_with_masks
        self.records = (
            tf.data.TFRecordDataset(paths).map(parse).filter(lambda record: record.has_mask())
        )
        self._pairs = self.records.map(
            lambda record: (inputs(record), record.label_map()),
            num_parallel_calls=tf.data.AUTOTUNE,
        ).prefetch(2)
        self.inputs_spec = self._pairs.element_spec[0]

    def compare(
        self, predict: Callable[[Any], tf.Tensor], description: str, leave: bool = True
    ) -> list[ConfusionMatrix]:
        """Confusion matrices over the whole set, at full resolution; void is left out.

        Args:
            predict: from what `inputs` gives of one image to K label maps, int32 [K, H, W].
            description: what the progress bar says.
            leave: whether the bar stays when it is full.

        Returns:
            K matrices.

        Raises:
            InputError: a shard is damaged.
        """
        totals: list[ConfusionMatrix] = []
        with tqdm(total=self.num_images, desc=description, unit="image", leave=leave) as progress:
            try:
                for inputs, truth in self._pairs:
                    counts = [
                        ConfusionMatrix(count_pixels(truth, label_map, self._num_classes).numpy())
                        for label_map in predict(inputs)
                    ]
                    if totals:
                        counts = [a + b for a, b in zip(totals, counts, strict=True)]
                    totals = counts
                    progress.update()
            except tf.errors.DataLossError as error:
                raise InputError(f"{self._folder}: damaged TFRecord: {error.message}") from None
        return totals
