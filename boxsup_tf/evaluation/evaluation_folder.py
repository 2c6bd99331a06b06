"""The folder of one evaluation: the names of its files, and whose label maps it keeps."""

import os
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from boxsup_tf import drawing
from boxsup_tf.errors import InputError
from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.io.json_file import write_json
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.metrics.metric_names import METRICS_FILE

METRICS_FILE = METRICS_FILE
PER_IMAGE_FILE = "per_image.json"
TRIMAP_FILE = "trimap.json"
CONFUSION_FILE = "confusion.json"
SECONDS_FILE = "seconds.json"
CONFUSION_PICTURE = "confusion.png"
TRIMAP_PICTURE = "trimap.png"
WORST_PICTURE = "worst.jpg"

SETTINGS_FILE = "evaluation.json"
# What these are, for messages.
EXPECTED = "a file that evaluate.py wrote"
# By whether the dense CRF refined the label maps: what is added to names of files and figures.
SUFFIXES = ("", "_crf")


class EvaluationFolder:
    """A folder that an interrupted evaluation goes on in.

    Args:
        path: made if need be.
        settings: what decides the label maps, for JSON: the model, the data, ... A name that an
            earlier evaluation did not give is added to its settings.

    Raises:
        InputError: the folder holds label maps of other or of more settings, or a metrics.json
            of another program.
    """

    def __init__(self, path: str, settings: dict[str, Any]) -> None:
        self.path = path
        owned = OwnedFolder(path, SETTINGS_FILE, "predictions", "evaluate.py")
        found = owned.read()
        if found is None and os.path.exists(self.file(METRICS_FILE)):  # a run's folder has one, too
            raise InputError(
                f"{self.file(METRICS_FILE)}: was not written by evaluate.py: expected none; choose "
                "another --output_dir"
            )
        found = found or {}
        owned.check(found, settings, free=settings.keys() - found.keys())
        owned.write(found | settings)

    def file(self, name: str) -> str:
        """The path of a file."""
        return os.path.join(self.path, name)

    def write_json(self, name: str, value: object) -> None:
        """Writes a file, whole or not at all."""
        write_json(self.file(name), value)

    def write_figure(self, name: str, figure: Figure) -> None:
        """Writes a PNG, whole or not at all."""
        with atomic_write(self.file(name), "wb") as file:
            figure.savefig(file, format="png")

    def has_label_map(self, source_id: str, crf: bool) -> bool:
        """Whether an image's label map, plain or refined by the CRF, is there."""
        return os.path.exists(self._label_map_path(source_id, crf))

    def write_label_map(self, source_id: str, crf: bool, label_map: np.ndarray) -> None:
        """Keeps a label map, integers [H, W], as a palette PNG."""
        path = self._label_map_path(source_id, crf)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # an id may hold slashes
        drawing.write_palette_png(path, label_map)

    def read_label_map(
        self, source_id: str, crf: bool, size: tuple[int, int], num_classes: int
    ) -> np.ndarray:
        """The function `read_label_map`, of an image's label map.

        Args:
            source_id: of the image.
            crf: whether it is the one that the CRF refined.
            size, num_classes: see the function.

        Raises:
            InputError: see the function.
        """
        return read_label_map(self._label_map_path(source_id, crf), size, num_classes)

    def _label_map_path(self, source_id: str, crf: bool) -> str:
        return os.path.join(label_map_folder(self.path, crf), f"{source_id}.png")


def label_map_folder(path: str, crf: bool) -> str:
    """Where an evaluation keeps its label maps ID.png, plain or refined by the CRF."""
    return os.path.join(path, f"predictions{SUFFIXES[crf]}")


def read_label_map(path: str, size: tuple[int, int], num_classes: int) -> np.ndarray:
    """uint8 [H, W] that `EvaluationFolder.write_label_map` wrote.

    Args:
        path: of the PNG.
        size: the image's (height, width).
        num_classes: background included.

    Raises:
        InputError: the file is no palette PNG, of another size, or has other labels.
    """
    try:
        with Image.open(path) as image:
            label_map = np.array(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: not a whole PNG ({error}): delete it") from None
    if label_map.shape != size or label_map.max() >= num_classes:
        raise InputError(
            f"{path}: shape {label_map.shape}, largest value {label_map.max()}: expected "
            f"{size} and labels below {num_classes}; delete it"
        )
    return label_map
