"""Mean IoU of a model on a dataset: images one by one, at full resolution."""

import os
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from boxsup_tf import fields
from boxsup_tf.data.dataset_info import check_same_classes, load_complete, write_json
from boxsup_tf.data.masked_images import MaskedImages
from boxsup_tf.errors import InputError


def evaluate(
    predict: Callable[[tf.Tensor], tf.Tensor],
    dataset_dir: str,
    output_dir: str,
    class_names: Sequence[str],
) -> dict:
    """Scores label maps by one confusion matrix over the whole set; void is left out.

    Args:
        predict: from images uint8 [1, H, W, 3], RGB, to label maps int32 [1, H, W].
        dataset_dir: a folder of records; images without a mask are skipped.
        output_dir: made if need be; metrics.json is written into it.
        class_names: the model's; index is label.

    Returns:
        What metrics.json holds: `mean_iou` over the classes that occur, `per_class_iou` by
        name (None for a class neither true nor predicted), `pixel_accuracy` (all in 0 .. 1),
        `num_images` scored and `num_images_without_mask`.

    Raises:
        InputError: the dataset is missing, unfinished or damaged, has other classes than the
            model, or nothing to score.
    """
    info = load_complete(dataset_dir)
    check_same_classes("the model", class_names, dataset_dir, info.class_names)
    images = MaskedImages(dataset_dir, info)
    total = images.compare(predict, "evaluate")[0]
    if not total.counts.any():
        raise InputError(f"{dataset_dir}: every pixel of the masks is void: nothing to score")
    metrics = {
        "mean_iou": total.mean_iou,
        "per_class_iou": total.per_class(class_names),
        "pixel_accuracy": float(np.trace(total.counts) / total.counts.sum()),
        "num_images": images.num_images,
        "num_images_without_mask": info.num_images - images.num_images,
    }
    os.makedirs(output_dir, exist_ok=True)
    write_json(os.path.join(output_dir, fields.METRICS_FILE), metrics)
    return metrics
