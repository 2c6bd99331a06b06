"""Weights of classes in the loss, from a list or from how many pixels each class has.

D. Eigen, R. Fergus. Predicting Depth, Surface Normals and Semantic Labels with a Common Multi-Scale
Convolutional Architecture. ICCV 2015 (arXiv 1411.4734), Sec. 4.3: the median of the classes'
frequencies over a class's own, which is its share of the pixels of the images that it is in.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.labels import VOID
from boxsup_tf.models.as_written import as_written
from boxsup_tf.training.config import TrainConfig
from boxsup_tf.training.input_pipeline import pseudo_mask
from boxsup_tf.training.sources import Source, empty_labelling
from boxsup_tf.training.training_example import TrainingExample, read_examples


def class_weights(
    config: TrainConfig, sources: Sequence[Source], num_classes: int
) -> np.ndarray | None:
    """The weights that `config` asks for, float32 [C]; None where all classes weigh the same.

    Their mean over all pixels that were counted is 1, so that a batch's gradient stays the sum of
    its parts' and the learning rate means what it did. Counted are masks, and of sources of boxes
    the boxes as rectangles: what every run of these data begins with.

    Raises:
        InputError: a list of another length.
    """
    if config.class_weights == "none":
        return None
    counts = _counts(config, sources, num_classes)
    pixels = counts.sum(axis=0)
    if config.class_weights == "inverse":
        weights = _inverse(pixels.astype(np.float64))
    elif config.class_weights == "median":
        in_images = np.where(counts > 0, counts.sum(axis=1, keepdims=True), 0).sum(axis=0)
        frequencies = np.divide(pixels, in_images, where=in_images > 0, out=np.zeros(num_classes))
        weights = np.median(frequencies[pixels > 0]) * _inverse(frequencies)
    else:
        weights = np.array(config.listed_class_weights)
        if len(weights) != num_classes:
            raise InputError(
                f"--class_weights={config.class_weights}: expected {num_classes} numbers, one per "
                "class from background on"
            )
    mean = (weights * pixels).sum() / pixels.sum()
    if not mean > 0:
        raise InputError(
            f"--class_weights={config.class_weights}: expected one above 0 of a class in the data"
        )
    return (weights / mean).astype(np.float32)


def _inverse(values: np.ndarray) -> np.ndarray:
    """0 stays 0: a class without pixels."""
    return np.divide(1.0, values, where=values > 0, out=np.zeros_like(values))


def _counts(config: TrainConfig, sources: Sequence[Source], num_classes: int) -> np.ndarray:
    """Pixels of each class in each example, int64 [N, C]."""
    labelling = empty_labelling(sources)

    def count(example: TrainingExample) -> tf.Tensor:
        label_map = tf.cond(
            example.is_box,
            lambda: pseudo_mask(example, labelling, config),
            example.record.label_map,
        )
        labels = tf.boolean_mask(label_map, label_map != VOID)
        return tf.math.bincount(labels, minlength=num_classes, maxlength=num_classes)

    examples = read_examples(sources).map(as_written(count), num_parallel_calls=tf.data.AUTOTUNE)
    return np.stack(list(examples.as_numpy_iterator())).astype(np.int64)
