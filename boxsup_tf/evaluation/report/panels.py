"""The images of an evaluation with their label maps, as the data of the page's script."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from boxsup_tf.drawing import reduced
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluation_folder import read_label_map
from boxsup_tf.evaluation.report.pictures import jpeg_uri, label_map_uri
from boxsup_tf.evaluation.report.results import Result
from boxsup_tf.labels import color_map
from boxsup_tf.records import records
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import Example, decode_image
from boxsup_tf.records.shards import read_records


def panels_data(
    results: Sequence[Result], folder: str, info: DatasetInfo, max_side: int
) -> dict[str, Any] | None:
    """All that the page's script needs, for JSON.

    Args:
        results: of evaluations of the images in `folder`.
        folder: of records.
        info: its dataset.json.
        max_side: larger pictures are reduced to it, pixels.

    Returns:
        `results`: their names; `classes`: [name, colour] by label; and `images`: for each its
        `id`, `width` and `height` in the page, `scores` by result, `classes`: [name, IoU by
        result], and data URIs `photo`, `truth` and `predictions` by result (null where there is
        none). None where the results know of no image.

    Raises:
        InputError: a record or label map is damaged; a label map is of another size than its
            image, or has a label without a class; or an image that was scored is not in the folder.
    """
    wanted = dict.fromkeys(name for result in results for name in result.image_scores)
    if not wanted:
        return None
    images = [
        _image(example, results, len(info.class_names), max_side)
        for example in _examples(folder, info)
        if example.source_id in wanted
    ]
    lost = wanted.keys() - {image["id"] for image in images}
    if lost:
        raise InputError(
            f"{folder}: {len(lost)} of the {len(wanted)} images that were scored are not in it, or "
            f"have no mask, such as {min(lost)!r}: expected the records that were evaluated"
        )
    colors = [f"#{bytes(color).hex()}" for color in color_map(len(info.class_names))]
    return {
        "results": [result.name for result in results],
        "classes": [list(pair) for pair in zip(info.class_names, colors, strict=True)],
        "images": images,
    }


def _examples(folder: str, info: DatasetInfo) -> Iterator[Example]:
    serialized = read_records(folder, info.num_shards)
    progress = tqdm(serialized, desc="report", total=info.num_images, unit="image")
    examples = map(records.decode_example, progress)
    return (example for example in examples if example.mask is not None)


def _image(
    example: Example, results: Sequence[Result], num_classes: int, max_side: int
) -> dict[str, Any]:
    pixels = reduced(decode_image(example.encoded).numpy(), max_side, cv2.INTER_AREA)
    truth = np.asarray(example.mask)
    by_result = [result.image_classes.get(example.source_id, {}) for result in results]
    names = dict.fromkeys(name for classes in by_result for name in classes)
    return {
        "id": example.source_id,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "scores": [_rounded(result.image_scores.get(example.source_id)) for result in results],
        "classes": [
            [name, [_rounded(classes.get(name)) for classes in by_result]] for name in names
        ],
        "photo": jpeg_uri(pixels),
        "truth": _map_uri(truth, max_side),
        "predictions": [
            _prediction(result.predictions, example, num_classes, max_side) for result in results
        ],
    }


def _prediction(folder: str, example: Example, num_classes: int, max_side: int) -> str | None:
    path = os.path.join(folder, f"{example.source_id}.png")
    if not os.path.exists(path):
        return None
    size = (example.height, example.width)
    return _map_uri(read_label_map(path, size, num_classes), max_side)


def _map_uri(label_map: np.ndarray, max_side: int) -> str:
    return label_map_uri(reduced(label_map, max_side, cv2.INTER_NEAREST))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
