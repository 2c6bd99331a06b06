"""Mean IoU of a model on a dataset: images one by one, at full resolution."""

import os
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf import fields
from boxsup_tf.confusion import ConfusionMatrix, count_pixels
from boxsup_tf.data import records
from boxsup_tf.data.dataset_info import load_complete, shard_paths, write_json
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
    check_same_classes(class_names, info.class_names, dataset_dir)
    if info.num_images_with_masks == 0:
        raise InputError(f"{dataset_dir}: none of {info.num_images} images has a class mask")
    total = ConfusionMatrix.zeros(len(class_names))
    num_images = 0
    images = _images_with_masks(dataset_dir, info.num_shards)
    with tqdm(total=info.num_images_with_masks, desc="evaluate", unit="image") as progress:
        try:
            for image, truth in images:
                predicted = predict(image[None])[0]
                total += count_pixels(truth, predicted, len(class_names)).numpy()
                num_images += 1
                progress.update()
        except tf.errors.DataLossError as error:
            raise InputError(f"{dataset_dir}: damaged TFRecord: {error.message}") from None
    if not total.counts.any():
        raise InputError(f"{dataset_dir}: every pixel of the masks is void: nothing to score")
    metrics = {
        "mean_iou": total.mean_iou,
        "per_class_iou": total.per_class(class_names),
        "pixel_accuracy": float(np.trace(total.counts) / total.counts.sum()),
        "num_images": num_images,
        "num_images_without_mask": info.num_images - num_images,
    }
    os.makedirs(output_dir, exist_ok=True)
    write_json(os.path.join(output_dir, fields.METRICS_FILE), metrics)
    return metrics


def check_same_classes(
    model_names: Sequence[str], data_names: Sequence[str], dataset_dir: str
) -> None:
    """Makes sure that a label means the same to a model and to a dataset.

    Raises:
        InputError: the names differ; the message names the first difference.
    """
    for label, (of_model, of_data) in enumerate(zip(model_names, data_names, strict=False)):
        if of_model != of_data:
            raise InputError(
                f"{dataset_dir}: label {label} is {of_data!r}: expected {of_model!r}, as the "
                "model was trained with"
            )
    if len(model_names) != len(data_names):
        first = min(len(model_names), len(data_names))
        longer, owner = (
            (model_names, "model") if len(model_names) > first else (data_names, "dataset")
        )
        raise InputError(
            f"{dataset_dir}: has {len(data_names)} classes: expected the model's "
            f"{len(model_names)}; label {first}, {longer[first]!r}, is the {owner}'s only"
        )


def _images_with_masks(folder: str, num_shards: int) -> tf.data.Dataset:
    """Pairs of image uint8 [H, W, 3] and true label map int32 [H, W], decoded ahead."""
    paths = shard_paths(folder, num_shards)
    for path in paths:
        if not os.path.exists(path):
            raise InputError(f"{path}: shard not found: expected {num_shards} shards")

    def has_mask(parsed: dict[str, tf.Tensor]) -> tf.Tensor:
        return tf.strings.length(parsed[fields.MASK_ENCODED]) > 0

    def decode(parsed: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        return records.decode_parsed_image(parsed), records.decode_label_map(parsed)

    dataset = tf.data.TFRecordDataset(paths).map(records.parse).filter(has_mask)
    return dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
