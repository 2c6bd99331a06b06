"""Validation mean IoU at full resolution, one image at a time."""

import keras
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf import fields
from boxsup_tf.confusion import ConfusionMatrix, count_pixels
from boxsup_tf.data import dataset_info, records
from boxsup_tf.errors import InputError
from boxsup_tf.models.scores import full_resolution_logits


class Validation:
    """Scores a network on the images of a folder that have masks.

    Raises:
        InputError: none has.
    """

    def __init__(self, model: keras.Model, folder: str, info: dataset_info.DatasetInfo) -> None:
        if not info.num_images_with_masks:
            raise InputError(f"{folder}: no image has a mask: expected some to validate on")
        self._model, self._num_classes = model, len(info.class_names)
        self._num_images = info.num_images_with_masks
        self._examples = (
            tf.data.TFRecordDataset(dataset_info.shard_paths(folder, info.num_shards))
            .map(records.parse)
            .filter(lambda parsed: tf.strings.length(parsed[fields.MASK_ENCODED]) > 0)
            .map(lambda p: (records.decode_parsed_image(p), records.decode_label_map(p)))
            .prefetch(4)
        )

    def run(self) -> ConfusionMatrix:
        """The confusion matrix over the whole set."""
        counts = ConfusionMatrix.zeros(self._num_classes)
        for image, truth in tqdm(
            self._examples, total=self._num_images, desc="validation", unit="image", leave=False
        ):
            counts += self._score(image, truth).numpy()
        return counts

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, 3], tf.uint8),
            tf.TensorSpec([None, None], tf.int32),
        ]
    )
    def _score(self, image: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
        logits = full_resolution_logits(self._model, image[None])[0]
        predicted = tf.argmax(logits, axis=-1, output_type=tf.int32)
        return count_pixels(truth, predicted, self._num_classes)
