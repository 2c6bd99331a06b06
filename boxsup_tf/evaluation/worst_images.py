"""The images that a model does worst, on one sheet: the truth and what was predicted."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from boxsup_tf import drawing
from boxsup_tf.evaluation.evaluation_folder import EvaluationFolder
from boxsup_tf.records.example import Example, decode_image

_ROWS, _ACROSS = 6, 2
_MAX_SIDE = 500  # of a picture, pixels
_GAP = np.full([1, 24, 3], 255, np.uint8)


def draw_worst(
    examples: Iterable[Example],
    folders: Sequence[EvaluationFolder],
    worst_first: Sequence[str],
    num_classes: int,
) -> None:
    """Writes worst.jpg into the first folder: two images a row, each with its truth and label maps.

    Larger pictures are reduced to 500 pixels.

    Args:
        examples: those of these ids, in any order; others are passed over.
        folders: hold label maps of them, which are shown side by side.
        worst_first: ids.
        num_classes: background included.
    """
    places = {source_id: i for i, source_id in enumerate(worst_first[: _ROWS * _ACROSS])}
    found: dict[int, list[np.ndarray]] = {}
    for example in examples:
        if example.source_id in places:
            image = decode_image(example.encoded).numpy()
            image = drawing.reduced(image, _MAX_SIDE, cv2.INTER_AREA)
            maps = [np.asarray(example.mask)]
            maps += [folder.read_label_map(example, num_classes) for folder in folders]
            found[places[example.source_id]] = [image, *(_overlay(image, one) for one in maps)]
    in_order = [found[place] for place in sorted(found)]
    rows = [
        [panel for panels in in_order[i : i + _ACROSS] for panel in (*panels, _GAP)]
        for i in range(0, len(in_order), _ACROSS)
    ]
    drawing.write_image(folders[0].file("worst.jpg"), drawing.grid(rows))


def _overlay(image: np.ndarray, label_map: np.ndarray) -> np.ndarray:
    return drawing.overlay(image, drawing.reduced(label_map, _MAX_SIDE, cv2.INTER_NEAREST))
