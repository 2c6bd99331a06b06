"""Masks, overlays and a summary of image files."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf import crf
from boxsup_tf.data.example import MAX_MEGAPIXELS, decode_checked, read_bytes
from boxsup_tf.errors import InputError
from boxsup_tf.inference.batching import BATCH_SIZE, predict_in_batches
from boxsup_tf.inference.dense_crf import refine
from boxsup_tf.inference.prediction_folder import PredictionFolder
from boxsup_tf.inference.saved_model import SavedModel
from boxsup_tf.inference.tiling import TILE_SIZE, check_tile_size, predict_in_tiles
from boxsup_tf.inference.upright import upright


def predict_files(
    saved_model: SavedModel,
    path_of_name: Mapping[str, str],
    output_dir: str,
    *,
    crf_parameters: crf.CrfParameters | None = None,
    tile_size: int = TILE_SIZE,
    batch_size: int = BATCH_SIZE,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> int:
    """Writes what `PredictionFolder` says.

    Photographs are turned upright first, so their masks are, too. Images whose files exist are
    skipped, so an interrupted run goes on where it stopped.

    Args:
        saved_model: an exported model.
        path_of_name: JPEG or PNG files, as `find_images` names them.
        output_dir: made if need be.
        crf_parameters: where given, probabilities are refined; of a large image, tile by tile.
        tile_size: see `predict_in_tiles`.
        batch_size: see `predict_in_batches`.
        max_megapixels: larger images are refused without decoding them.

    Returns:
        The number of images that were predicted in this call.

    Raises:
        InputError: as `PredictionFolder`, or `tile_size` does not fit (nothing is written then); or
            images could not be read (all the others are finished then).
    """
    check_tile_size(tile_size)
    if crf_parameters:
        crf.check_installed("--crf")
    settings = {
        "model": tf.saved_model.experimental.read_fingerprint(saved_model.path).singleprint(),
        "class_names": list(saved_model.class_names),
        "tile_size": tile_size,
        "crf": crf_parameters and dataclasses.asdict(crf_parameters),
    }
    folder = PredictionFolder(output_dir, settings, saved_model.class_names, path_of_name)
    failures: list[str] = []
    done = 0

    def unfinished() -> Iterator[tuple[str, np.ndarray]]:
        for name, path in tqdm(path_of_name.items(), desc="predict", unit="image"):
            if folder.is_finished(name):
                continue
            try:
                encoded = read_bytes(path, "an image")
                pixels = decode_checked(encoded, path, max_megapixels).numpy()
            except InputError as error:
                failures.append(str(error))
                continue
            yield name, upright(pixels, encoded)

    predict = _predict_with(saved_model, crf_parameters, tile_size)
    try:
        for name, image, label_map in predict_in_batches(predict, unfinished(), batch_size):
            folder.write(name, image, label_map)
            done += 1
    finally:
        folder.save()
    if failures:
        listed = "\n  ".join(failures)
        raise InputError(
            f"{len(failures)} of {len(path_of_name)} images could not be read (the others are "
            f"done):\n  {listed}"
        )
    return done


def _predict_with(
    saved_model: SavedModel, crf_parameters: crf.CrfParameters | None, tile_size: int
) -> Callable[[np.ndarray], np.ndarray]:
    """From images uint8 [B, H, W, 3] of any size to label maps uint8 [B, H, W]."""

    def predict(images: np.ndarray) -> np.ndarray:
        label_maps, probabilities = saved_model.predict(images)
        if crf_parameters is None:
            return label_maps.numpy().astype(np.uint8)
        pairs = zip(images, probabilities.numpy(), strict=True)
        return np.stack(
            [refine(*pair, crf_parameters).argmax(-1).astype(np.uint8) for pair in pairs]
        )

    return lambda images: predict_in_tiles(predict, images, tile_size)
