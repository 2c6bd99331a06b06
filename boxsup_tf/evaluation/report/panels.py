"""The images of an evaluation with their label maps, as the data of the page's script."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from boxsup_tf.drawing import reduced
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluation_folder import read_mask
from boxsup_tf.evaluation.examples import read_examples
from boxsup_tf.evaluation.report.pictures import jpeg_uri, label_map_uri
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.labels import color_map
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.example import Example, decode_image


def panels_data(
    results: Sequence[Evaluation], folder: str, info: DatasetInfo, max_side: int
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
    wanted = dict.fromkeys(name for result in results for name in result.images)
    if not wanted:
        return None
    images = [
        _image(example, results, len(info.class_names), max_side)
        for example in read_examples(folder, info, "report")
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


def _image(
    example: Example, results: Sequence[Evaluation], num_classes: int, max_side: int
) -> dict[str, Any]:
    pixels = reduced(decode_image(example.encoded).numpy(), max_side, cv2.INTER_AREA)
    truth = np.asarray(example.mask)
    nothing: dict[str, Any] = {"mean_iou": None, "classes": {}}
    scores = [result.images.get(example.source_id, nothing) for result in results]
    names = dict.fromkeys(name for image in scores for name in image["classes"])
    return {
        "id": example.source_id,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "scores": [_rounded(image["mean_iou"]) for image in scores],
        "classes": [
            [name, [_rounded(image["classes"].get(name)) for image in scores]] for name in names
        ],
        "photo": jpeg_uri(pixels),
        "truth": _map_uri(truth, max_side),
        "predictions": [
            _prediction(result.predictions, example, num_classes, max_side) for result in results
        ],
    }


def _prediction(folder: str, example: Example, num_classes: int, max_side: int) -> str | None:
    path = path_below(folder, f"{example.source_id}.png")
    if not files.exists(path):
        return None
    size = (example.height, example.width)
    return _map_uri(read_mask(path, size, num_classes), max_side)


def _map_uri(label_map: np.ndarray, max_side: int) -> str:
    return label_map_uri(reduced(label_map, max_side, cv2.INTER_NEAREST))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
