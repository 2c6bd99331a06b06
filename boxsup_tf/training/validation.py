"""Validation at full resolution, one image at a time, through three lenses.

On few images the recognition of classes is most of the error and hides how good the masks are;
so beside the mean IoU stand two figures that see the masks alone.
"""

import tensorflow as tf

from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.masked_images import MaskedImages
from boxsup_tf.training.training_network import TrainingNetwork


class Validation:
    """Scores a network on the images of a folder that have masks.

    Raises:
        InputError: see `MaskedImages`.
    """

    def __init__(self, network: TrainingNetwork, folder: str, info: DatasetInfo) -> None:
        self._class_names = info.class_names
        self._images = MaskedImages(
            folder,
            info,
            lambda record: (network.whole_image(record), record.size, record.label_map()),
        )
        network.prepare(self._images.records, "features of validation images")
        self._network = network
        # The signature keeps one trace over all image sizes.
        self._predict = tf.function(self._label_maps, input_signature=self._images.inputs_spec)

    def run(self) -> dict[str, float | None]:
        """Metrics for the history.

        Returns:
            `val_mean_iou` and `val_iou/CLASS`; `val_foreground_mean_iou`: of background and all
            classes as one; `val_mean_iou_classes_given`: where each image's prediction is made
            among the classes that are truly in it.
        """
        counts, given = self._images.compare(
            lambda inputs: self._predict(*inputs), "validation", leave=False
        )
        return {
            "val_mean_iou": counts.mean_iou,
            "val_foreground_mean_iou": counts.foreground_mean_iou,
            "val_mean_iou_classes_given": given.mean_iou,
            **{f"val_iou/{k}": v for k, v in counts.per_class(self._class_names).items()},
        }

    def _label_maps(self, whole: tf.Tensor, size: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
        """int32 [2, H, W]: the class of highest score, of all and of those in the truth."""
        logits = self._network.logits(whole, size)[0]
        present = tf.reduce_any(truth[:, :, None] == tf.range(len(self._class_names)), axis=[0, 1])
        given = tf.where(present, logits, -float("inf"))
        return tf.argmax(tf.stack([logits, given]), axis=-1, output_type=tf.int32)
