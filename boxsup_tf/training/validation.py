"""Validation mean IoU at full resolution, one image at a time."""

import keras
import tensorflow as tf

from boxsup_tf.confusion import ConfusionMatrix
from boxsup_tf.data.dataset_info import DatasetInfo
from boxsup_tf.data.masked_images import MaskedImages
from boxsup_tf.models.scores import label_maps


class Validation:
    """Scores a network on the images of a folder that have masks.

    Raises:
        InputError: see `MaskedImages`.
    """

    def __init__(self, model: keras.Model, folder: str, info: DatasetInfo) -> None:
        self._model = model
        self._images = MaskedImages(folder, info)

    def run(self) -> ConfusionMatrix:
        """The confusion matrix over the whole set."""
        return self._images.compare(self._predict, "validation", leave=False)

    @tf.function(input_signature=[tf.TensorSpec([1, None, None, 3], tf.uint8)])
    def _predict(self, images: tf.Tensor) -> tf.Tensor:
        return label_maps(self._model, images)
