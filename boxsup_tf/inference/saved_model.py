"""Reads an exported SavedModel back."""

import dataclasses
import os
import re
from typing import Any

import numpy as np
import tensorflow as tf

from boxsup_tf.crf.parameters import CRF_FILE
from boxsup_tf.errors import InputError, first_line
from boxsup_tf.inference.check_sums import check_sums
from boxsup_tf.inference.class_names_file import LABEL_MAP_FILE, read_class_names
from boxsup_tf.inference.export import versions
from boxsup_tf.inference.interface import PROBABILITIES, SEMANTIC_PREDICTIONS, SIGNATURE_IMAGES
from boxsup_tf.inference.tiling import MARGIN, TILE_MARGIN_FILE
from boxsup_tf.io import files
from boxsup_tf.records.example import read_bytes


@dataclasses.dataclass(frozen=True)
class SavedModel:
    """An exported model.

    Attributes:
        path: its folder, EXPORT/VERSION.
        class_names: index is label.
        has_crf: whether its graph ends with a CRF.
        tile_margin: see `tiling.predict_in_tiles`.
    """

    path: str
    class_names: tuple[str, ...]
    has_crf: bool
    tile_margin: int
    # The signature belongs to this object: TensorFlow frees the variables with it.
    _loaded: Any = dataclasses.field(repr=False)

    def predict(self, images: tf.Tensor | np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """Label maps and probabilities.

        Args:
            images: uint8 [B, H, W, 3], RGB.

        Returns:
            int32 [B, H, W] and float32 [B, H, W, C].

        Raises:
            InputError: the images have more pixels than the model takes.
        """
        images = tf.constant(images)
        try:
            outputs = self._loaded.signatures[SIGNATURE_IMAGES](images=images)
        except tf.errors.InvalidArgumentError as error:
            if not (refusal := re.search("expected at most .* in a request", error.message)):
                raise
            shape = images.shape.as_list()
            raise InputError(f"{self.path}: images of shape {shape}: {refusal[0]}") from None
        return outputs[SEMANTIC_PREDICTIONS], outputs[PROBABILITIES]


def load_saved_model(path: str) -> SavedModel:
    """Loads what `export` wrote.

    Args:
        path: EXPORT/VERSION, or EXPORT for its highest version.

    Raises:
        InputError: there is no SavedModel, it is damaged, or it is not one of `export`.
    """
    folder = _find(path)
    label_map = os.path.join(folder, "assets", LABEL_MAP_FILE)
    class_names = read_class_names(label_map)
    check_sums(folder)
    try:
        loaded = tf.saved_model.load(folder)
        signatures = dict(loaded.signatures)
    except Exception as error:  # whatever TensorFlow stumbles over
        raise InputError(
            f"{folder}: the SavedModel cannot be loaded: {first_line(error)}"
        ) from None
    if SIGNATURE_IMAGES not in signatures:
        raise InputError(
            f"{folder}: signatures are {sorted(signatures)}: expected "
            f"{SIGNATURE_IMAGES}, as export.py writes it"
        )
    outputs = signatures[SIGNATURE_IMAGES].structured_outputs
    if {SEMANTIC_PREDICTIONS, PROBABILITIES} - outputs.keys():
        raise InputError(f"{folder}: gives {sorted(outputs)}: expected what export.py writes")
    if outputs[PROBABILITIES].shape[-1] not in (None, len(class_names)):
        raise InputError(
            f"{label_map}: has {len(class_names)} classes: expected "
            f"{outputs[PROBABILITIES].shape[-1]}, a line for each that the model tells apart"
        )
    has_crf = files.exists(os.path.join(folder, "assets", CRF_FILE))
    return SavedModel(folder, class_names, has_crf, _read_margin(folder), loaded)


def _read_margin(folder: str) -> int:
    path = os.path.join(folder, "assets", TILE_MARGIN_FILE)
    if not files.exists(path):
        return MARGIN  # an export from before it was stored
    text = read_bytes(path, "the margin of tiles").decode(errors="replace").strip()
    if not re.fullmatch("[0-9]{1,5}", text):
        raise InputError(f"{path}: holds {text!r}: expected a number of pixels")
    return int(text)


def check_no_crf_twice(source: str, has_crf: bool) -> None:
    """Refuses `--crf` for a model that refines by itself.

    Args:
        source: of the model, for the message.
        has_crf: see `SavedModel`.

    Raises:
        InputError: it does.
    """
    if has_crf:
        raise InputError(f"{source}: the model ends with a CRF of its own: leave out --crf")


def _find(path: str) -> str:
    for folder in (path, *(os.path.join(path, str(n)) for n in reversed(versions(path)))):
        if files.is_file(os.path.join(folder, "saved_model.pb")):
            return folder
    raise InputError(
        f"{path}: no SavedModel: expected a folder that export.py wrote, or one version in it"
    )
