"""The images of a folder that have masks, to be compared with a network's label maps."""

import os
from collections.abc import Callable

import tensorflow as tf
from tqdm import tqdm

from boxsup_tf import fields
from boxsup_tf.confusion import ConfusionMatrix, count_pixels
from boxsup_tf.data import records
from boxsup_tf.data.dataset_info import DatasetInfo, shard_paths
from boxsup_tf.errors import InputError

# From images uint8 [1, H, W, 3], RGB, to label maps int32 [1, H, W].
Predict = Callable[[tf.Tensor], tf.Tensor]


class MaskedImages:
    """Reads a folder's images that have masks, as often as asked.

    Args:
        folder: of TFRecords.
        info: its dataset.json.

    Raises:
        InputError: a shard is missing, or no image has a mask.
    """

    def __init__(self, folder: str, info: DatasetInfo) -> None:
        if info.num_images_with_masks == 0:
            raise InputError(f"{folder}: none of {info.num_images} images has a class mask")
        paths = shard_paths(folder, info.num_shards)
        for path in paths:
            if not os.path.exists(path):
                raise InputError(f"{path}: shard not found: expected {info.num_shards} shards")
        self._folder, self._num_classes = folder, len(info.class_names)
        self.num_images = info.num_images_with_masks
        self._pairs = (
            tf.data.TFRecordDataset(paths)
            .map(records.parse)
            .filter(lambda parsed: tf.strings.length(parsed[fields.MASK_ENCODED]) > 0)
            .map(_decode, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(2)
        )

    def compare(self, predict: Predict, description: str, leave: bool = True) -> ConfusionMatrix:
        """One confusion matrix over the whole set, at full resolution; void is left out.

        Args:
            predict: called with one image at a time.
            description: what the progress bar says.
            leave: whether the bar stays when it is full.

        Raises:
            InputError: a shard is damaged.
        """
        total = ConfusionMatrix.zeros(self._num_classes)
        with tqdm(total=self.num_images, desc=description, unit="image", leave=leave) as progress:
            try:
                for image, truth in self._pairs:
                    predicted = predict(image[None])[0]
                    total += count_pixels(truth, predicted, self._num_classes).numpy()
                    progress.update()
            except tf.errors.DataLossError as error:
                raise InputError(f"{self._folder}: damaged TFRecord: {error.message}") from None
        return total


def _decode(parsed: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Image uint8 [H, W, 3] and true label map int32 [H, W]."""
    return records.decode_parsed_image(parsed), records.decode_label_map(parsed)
