"""Validation at full resolution, one image at a time, through three lenses.

On few images the recognition of classes is most of the error and hides how good the masks are;
so beside the mean IoU stand two figures that see the masks alone.
"""

import itertools

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.errors import InputError
from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.metrics.count_in_graph import count_pixels
from boxsup_tf.models.as_written import as_written
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.training.feature_cache import Features
from boxsup_tf.training.sources import SUPERVISION_MASK, load_source
from boxsup_tf.training.training_example import ExampleTable
from boxsup_tf.training.training_network import TrainingNetwork
from boxsup_tf.training.workers import Workers


class Validation:
    """Scores a network on the images of a folder that have masks.

    Raises:
        InputError: a shard is missing, or no image has a mask.
    """

    def __init__(
        self, network: TrainingNetwork, folder: str, info: DatasetInfo, workers: Workers
    ) -> None:
        self._network, self._folder, self._info = network, folder, info
        self._workers = workers
        info.check_masks(folder)
        examples = ExampleTable([load_source(folder, SUPERVISION_MASK)])
        everything = np.arange(len(examples))
        network.prepare(examples, everything, "features of validation images", workers)
        own = tf.data.Dataset.from_tensor_slices(workers.own(len(examples)))
        self._inputs = (
            examples.read(own)
            .map(
                as_written(
                    lambda example: (
                        network.whole_image(example.record),
                        example.record.size,
                        example.record.label_map(),
                    )
                ),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
            .prefetch(2)
        )
        # The signature keeps one trace over all image sizes.
        self._count = workers.on_replicas(self._counts, self._inputs.element_spec)

    def run(self) -> dict[str, float | None]:
        """Metrics for the history, by one confusion matrix over all images; void is left out.

        Returns:
            `val_mean_iou` and `val_iou/CLASS`; `val_foreground_mean_iou`: of background and all
            classes as one; `val_mean_iou_classes_given`: where each image's prediction is made
            among the classes that are truly in it.

        Raises:
            InputError: a shard is damaged.
        """
        class_names = self._info.class_names
        counts = given = ConfusionMatrix.zeros(len(class_names))
        workers, inputs = self._workers, iter(self._inputs)
        total = len(workers.own(self._info.num_images_with_masks))
        with tqdm(
            total=total,
            desc="validation",
            unit="image",
            leave=False,
            disable=not workers.is_chief,
        ) as progress:
            try:
                while some := list(itertools.islice(inputs, len(workers.local_replicas))):
                    for of_all, of_given in self._count(some):
                        counts, given = counts + of_all.numpy(), given + of_given.numpy()
                        progress.update()
            except tf.errors.DataLossError as error:
                raise InputError(f"{self._folder}: damaged TFRecord: {error.message}") from None
        counts, given = (ConfusionMatrix(workers.total(each.counts)) for each in (counts, given))
        return {
            "val_mean_iou": counts.mean_iou,
            "val_foreground_mean_iou": counts.foreground_mean_iou,
            "val_mean_iou_classes_given": given.mean_iou,
            **{f"val_iou/{k}": v for k, v in counts.per_class(class_names).items()},
        }

    def _counts(
        self, whole: Features, size: tf.Tensor, truth: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Truth by the class of highest score, of all and of those in the truth: int64 [C, C]."""
        num_classes = len(self._info.class_names)
        logits = self._network.logits(whole, size)[0]
        present = tf.reduce_any(truth[:, :, None] == tf.range(num_classes), axis=[0, 1])
        given = tf.where(present, logits, -float("inf"))
        label_maps = (tf.argmax(scores, -1, output_type=tf.int32) for scores in (logits, given))
        plain, among_given = (count_pixels(truth, one, num_classes) for one in label_maps)
        return plain, among_given
