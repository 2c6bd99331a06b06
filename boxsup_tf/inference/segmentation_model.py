"""A trained network or an exported model, as evaluation uses it."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from boxsup_tf.inference.interface import PROBABILITIES, SEMANTIC_PREDICTIONS
from boxsup_tf.inference.predictor import Predictor
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.inference.tiling import margin_of, predict_in_tiles
from boxsup_tf.io import files
from boxsup_tf.io.digest import digest_of
from boxsup_tf.models.architecture import CONFIG_FILE
from boxsup_tf.models.saved_network import choose_network, load_segmenter
from boxsup_tf.records.example import read_bytes


@dataclasses.dataclass(frozen=True)
class SegmentationModel:
    """A model whose label maps are scored.

    Attributes:
        class_names: index is label.
        settings: what decides its label maps, for JSON.
        label_maps: from images uint8 [B, H, W, 3], RGB, to integers [B, H, W].
        probabilities: from the same to float32 [B, H, W, C]; called for the CRF alone.
        has_crf: whether it ends with a CRF of its own.
        origin: where it is from, for people.
    """

    class_names: tuple[str, ...]
    settings: dict[str, Any]
    label_maps: Callable[[np.ndarray], np.ndarray]
    probabilities: Callable[[np.ndarray], np.ndarray]
    has_crf: bool = False
    origin: str = ""


def load(
    path: str, scales: Sequence[float] = (1.0,), flip: bool = False, checkpoint: str = "best"
) -> SegmentationModel:
    """A run's network or an exported model, whichever the folder holds.

    Args:
        path: a run's folder, its folder `best`, or a folder that `export` wrote.
        scales, flip: see `Predictor`; of a run. Those of an export were chosen with it.
        checkpoint: see `choose_network`; of a run.

    Raises:
        InputError: see `load_segmenter` and `load_saved_model`.
    """
    if files.exists(os.path.join(path, CONFIG_FILE)):
        return of_run(path, scales, flip, checkpoint)
    return of_export(path)


def of_run(
    model_dir: str, scales: Sequence[float], flip: bool, checkpoint: str = "best"
) -> SegmentationModel:
    """The best network of a run, or its last one.

    Args:
        model_dir, checkpoint: see `choose_network`.
        scales, flip: see `Predictor`.

    Raises:
        InputError: see `choose_network` and `load_segmenter`.
    """
    folder, what = choose_network(model_dir, checkpoint)
    segmenter = load_segmenter(folder)
    weights = digest_of(weight.tobytes() for weight in segmenter.model.get_weights())
    predictor = Predictor(segmenter, scales, flip)
    return _tiled(
        segmenter.class_names,
        {"weights": weights, "scales": scales, "flip": flip},
        margin_of(segmenter.family.margin),
        lambda images: predictor.predict(images),  # a bound method would not keep the predictor
        origin=f"{folder}: {what}",
    )


def of_export(path: str) -> SegmentationModel:
    """An exported model.

    Args:
        path: see `load_saved_model`.

    Raises:
        InputError: see `load_saved_model`.
    """
    saved_model = load_saved_model(path)
    variables = os.path.join(saved_model.path, "variables")
    paths = [os.path.join(saved_model.path, "saved_model.pb")]
    paths += [os.path.join(variables, name) for name in sorted(files.names_in(variables))]
    outputs = (SEMANTIC_PREDICTIONS, PROBABILITIES)
    return _tiled(
        saved_model.class_names,
        {"weights": digest_of(read_bytes(file, "an exported model") for file in paths)},
        saved_model.tile_margin,
        lambda images: dict(zip(outputs, saved_model.predict(images), strict=True)),
        saved_model.has_crf,
        saved_model.path,
    )


def _tiled(
    class_names: Sequence[str],
    settings: dict[str, Any],
    tile_margin: int,
    predict: Callable[[np.ndarray], Any],
    has_crf: bool = False,
    origin: str = "",
) -> SegmentationModel:
    def output(name: str) -> Callable[[np.ndarray], np.ndarray]:
        return lambda images: predict_in_tiles(
            lambda tile: predict(tile)[name].numpy(), images, margin=tile_margin
        )

    return SegmentationModel(
        tuple(class_names),
        settings,
        output(SEMANTIC_PREDICTIONS),
        output(PROBABILITIES),
        has_crf,
        origin,
    )
