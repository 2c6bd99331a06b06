"""The images that a model does worst, on one sheet: the truth and what was predicted."""

from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np

from boxsup_tf import drawing, sheet
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.metrics import metric_names
from boxsup_tf.records.example import Example, decode_image

_MOST = 8
_SIDE = 400  # pixels that a picture's longer side is brought to
_HEADINGS = ("image", "truth", "prediction", "prediction, refined by the CRF")


def draw_worst(
    examples: Iterable[Example],
    folders: Sequence[EvaluationFolder],
    worst_first: Mapping[str, float | None],
    class_names: Sequence[str],
) -> None:
    """Writes worst.jpg into the first folder: a row per image, with its truth and label maps.

    Args:
        examples: those of these ids, in any order; others are passed over.
        folders: hold label maps of them, which are shown side by side.
        worst_first: the ids with their mean IoU; the first eight are drawn.
        class_names: index is label.
    """
    places = {source_id: i for i, source_id in enumerate(list(worst_first)[:_MOST])}
    rows: dict[int, sheet.Row] = {}
    labels: set[int] = set()
    for example in examples:
        if example.source_id in places:
            image = sheet.fitted(decode_image(example.encoded).numpy(), _SIDE)
            maps = [np.asarray(example.mask)]
            maps += [folder.read_label_map(example, len(class_names)) for folder in folders]
            labels.update(*(np.unique(one).tolist() for one in maps))
            score = metric_names.percent(worst_first[example.source_id], 1)
            rows[places[example.source_id]] = sheet.Row(
                f"{example.source_id}: mean IoU {score} %",
                [image, *(_overlay(image, one) for one in maps)],
            )
    in_order = [rows[place] for place in sorted(rows)]
    headings = _HEADINGS[: 2 + len(folders)]
    picture = sheet.sheet(headings, in_order, class_names, labels, _SIDE)
    drawing.write_image(folders[0].file("worst.jpg"), picture)


def _overlay(image: np.ndarray, label_map: np.ndarray) -> np.ndarray:
    size = image.shape[1], image.shape[0]
    labels = label_map.astype(np.uint8)
    return drawing.overlay(image, cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST))
