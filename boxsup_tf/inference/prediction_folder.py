"""The folder that predict.py writes: masks, overlays, and predictions.json about them."""

import os
from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from boxsup_tf import drawing, sheet
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.io.names import path_below
from boxsup_tf.io.owned_folder import OwnedFolder
from boxsup_tf.schema import check_type

PREDICTIONS_FILE = "predictions.json"
_MASKS = "masks"


class _Found(TypedDict):
    pixels: int
    share: float


class _Image(TypedDict):
    file: str
    height: int
    width: int
    classes: dict[str, _Found]


class _Content(TypedDict):
    settings: dict
    files: dict[str, str]
    images: dict[str, _Image]


def mask_path(folder: str, name: str) -> str:
    """The path of an image's mask in a folder of predictions."""
    return path_below(os.path.join(folder, _MASKS), f"{name}.png")


class PredictionFolder:
    """FOLDER/masks/NAME.png (palette PNG), overlays/NAME.jpg and predictions.json.

    The JSON holds `settings`, and in `images` by name: `file`, `height`, `width`, and `classes`:
    those found, each with its `pixels` and their `share` of the image. `files` has the path of
    every name that a run was to predict, finished or not, so that a name stays one file's.

    Args:
        folder: made if need be; what an earlier run recorded in it is kept.
        settings: what masks depend on beside their image, fit for JSON.
        class_names: index is label.
        path_of_name: the images that are to be predicted.

    Raises:
        InputError: the folder holds predictions with other settings, or of another file by one of
            these names; nothing is written then.
    """

    def __init__(
        self,
        folder: str,
        settings: dict,
        class_names: Sequence[str],
        path_of_name: Mapping[str, str],
    ) -> None:
        self._folder, self._settings, self._class_names = folder, settings, class_names
        self._file_of_name = {name: files.absolute(file) for name, file in path_of_name.items()}
        self._owned = OwnedFolder(folder, PREDICTIONS_FILE, "predictions", "predict.py")
        self._images: dict[str, dict] = {}
        self._earlier: dict[str, str] = {}
        earlier = self._owned.read()
        if earlier is not None and files.is_folder(os.path.join(folder, _MASKS)):
            self._go_on(earlier)
        self.save()

    def is_finished(self, name: str) -> bool:
        """Whether both files of an image exist; if a killed run did not record them, this does.

        Files of a name that no earlier run had are of unknown origin, and count for nothing.
        """
        mask_path, overlay_path = self._outputs(name)
        if not (files.exists(mask_path) and files.exists(overlay_path)):
            return False
        if name not in self._images:
            if name not in self._earlier:
                return False
            try:
                with drawing.opened_picture(mask_path) as mask:
                    self._record(name, np.array(mask))
            except (OSError, ValueError):  # no mask, or not of these classes
                return False
        return True

    def write(self, name: str, image: np.ndarray, label_map: np.ndarray) -> None:
        """Writes the files of an image uint8 [H, W, 3], RGB, and its label map uint8 [H, W]."""
        mask_path, overlay_path = self._outputs(name)
        for path in (mask_path, overlay_path):
            files.make_folders(os.path.dirname(path))
        overlay = drawing.overlay(image, label_map)
        overlay = sheet.with_legend(overlay, np.unique(label_map), self._class_names)
        drawing.write_image(overlay_path, overlay)
        drawing.write_palette_png(mask_path, label_map)
        self._record(name, label_map)

    def save(self) -> None:
        """Writes predictions.json; what is recorded later is not in it."""
        images = dict(sorted(self._images.items()))
        files = dict(sorted((self._earlier | self._file_of_name).items()))
        self._owned.write({"settings": self._settings, "files": files, "images": images})

    def _outputs(self, name: str) -> tuple[str, str]:
        overlay = path_below(os.path.join(self._folder, "overlays"), f"{name}.jpg")
        return mask_path(self._folder, name), overlay

    def _record(self, name: str, label_map: np.ndarray) -> None:
        areas = np.bincount(label_map.ravel(), minlength=len(self._class_names)).tolist()
        self._images[name] = {
            "file": self._file_of_name[name],
            "height": label_map.shape[0],
            "width": label_map.shape[1],
            "classes": {
                class_name: {"pixels": area, "share": area / label_map.size}
                for class_name, area in zip(self._class_names, areas, strict=True)
                if area
            },
        }

    def _go_on(self, earlier: dict) -> None:
        path = self._owned.file_path
        try:
            check_type(earlier, _Content, "")
        except TypeError as error:
            raise InputError(f"{path}: expected a file that predict.py wrote: {error}") from None
        self._images, self._earlier = dict(earlier["images"]), dict(earlier["files"])
        self._owned.check(earlier["settings"], self._settings)
        for name, file in self._file_of_name.items():
            if (other := self._earlier.get(name, file)) != file:
                raise InputError(
                    f"{file}: {path} has {other} by the name {name}: expected "
                    "another --output_dir, or another name"
                )
