"""The folder of one evaluation: the label maps, and the settings that they were made with."""

import os
from typing import Any

import numpy as np

from boxsup_tf import drawing
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.result import PREDICTIONS, SETTINGS_FILE
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.metrics.metric_names import METRICS_FILE
from boxsup_tf.records.example import Example

SECONDS_FILE = "seconds.json"
_ORIGIN = "model"


class EvaluationFolder:
    """A folder that an interrupted evaluation goes on in.

    Args:
        path: made if need be.
        settings: what decides the label maps, for JSON: the model, the data, ...
        origin: where the model is from, for people; may change.

    Raises:
        InputError: the folder holds label maps of other settings, or a metrics.json of another
            program.
    """

    def __init__(self, path: str, settings: dict[str, Any], origin: str = "") -> None:
        self.path, self.settings = path, settings
        owned = OwnedFolder(path, SETTINGS_FILE, "predictions", "evaluate.py")
        found = owned.read()
        if found is not None and files.is_folder(self.file(PREDICTIONS)):
            owned.check(found, settings, free={_ORIGIN})
        elif found is None and files.exists(self.file(METRICS_FILE)):  # a run's folder has one, too
            raise InputError(
                f"{self.file(METRICS_FILE)}: was not written by evaluate.py: expected none; choose "
                "another --output_dir"
            )
        owned.write(settings | {_ORIGIN: origin})

    def file(self, name: str) -> str:
        """The path of a file."""
        return os.path.join(self.path, name)

    def has_label_map(self, source_id: str) -> bool:
        """Whether an image's label map is there."""
        return files.exists(self._label_map_path(source_id))

    def write_label_map(self, source_id: str, label_map: np.ndarray) -> None:
        """Keeps a label map, integers [H, W], as a palette PNG."""
        path = self._label_map_path(source_id)
        files.make_folders(os.path.dirname(path))  # an id may hold slashes
        drawing.write_palette_png(path, label_map)

    def read_label_map(self, example: Example, num_classes: int) -> np.ndarray:
        """The label map of an image, see `read_mask`."""
        size = (example.height, example.width)
        return read_mask(self._label_map_path(example.source_id), size, num_classes)

    def _label_map_path(self, source_id: str) -> str:
        return path_below(self.file(PREDICTIONS), f"{source_id}.png")


def read_mask(path: str, size: tuple[int, int], num_classes: int) -> np.ndarray:
    """uint8 [H, W] that `EvaluationFolder.write_label_map` wrote.

    Args:
        path: of the PNG.
        size: the image's (height, width).
        num_classes: background included.

    Raises:
        InputError: the file is no palette PNG, of another size, or has other labels.
    """
    try:
        with drawing.opened_picture(path) as image:
            label_map = np.array(image)
    except OSError as error:
        raise InputError(f"{path}: not a whole PNG ({error}): delete it") from None
    if label_map.dtype != np.uint8 or label_map.shape != size or label_map.max() >= num_classes:
        raise InputError(
            f"{path}: shape {label_map.shape}, largest value {label_map.max()}: expected "
            f"{size} and labels below {num_classes}; delete it"
        )
    return label_map
