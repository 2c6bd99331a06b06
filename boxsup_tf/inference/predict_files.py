"""Masks, overlays and a summary of image files."""

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from boxsup_tf.crf.dense_crf import refine
from boxsup_tf.crf.parameters import CrfParameters, check_installed, load_parameters
from boxsup_tf.crf.refine_many import refine_many
from boxsup_tf.data.channels import ChannelOptions
from boxsup_tf.data.source_image import AS_THEY_ARE, read_upright
from boxsup_tf.errors import InputError
from boxsup_tf.inference.annotation_files import ANNOTATION_FILES, write_annotation_files
from boxsup_tf.inference.batching import BATCH_SIZE, predict_in_batches
from boxsup_tf.inference.prediction_folder import PredictionFolder
from boxsup_tf.inference.saved_model import SavedModel, check_no_crf_twice
from boxsup_tf.inference.tiling import TILE_SIZE, check_tile_size, predict_in_tiles
from boxsup_tf.records.example import MAX_MEGAPIXELS
from boxsup_tf.settings import option

_Image = tuple[str, np.ndarray]  # its name and pixels
_LabelMap = tuple[str, np.ndarray, np.ndarray]  # and its labels, or their probabilities


@dataclasses.dataclass(frozen=True)
class PredictOptions:
    """How images are predicted.

    Attributes:
        crf: Refine the masks along the images' edges.
        crf_parameters: With --crf: a name, or tune_crf's crf.json.
        tile_size: Pixels: images with a longer side pass the network in overlapping tiles of this
          side; smaller ones take less memory and more time.
        batch_size: Images of one size that pass the network together.
        num_workers: With --crf: processes that run it.
        max_megapixels: Larger images are refused.
        annotations: The masks as polygons, too, for labelling tools: coco is annotations.json,
          labelme labelme/NAME.json. One or both.
    """

    crf: bool = False
    crf_parameters: str = option("deeplab_largefov", only_with="crf")
    tile_size: int = TILE_SIZE
    batch_size: int = option(BATCH_SIZE, at_least=1)
    num_workers: int = option(os.cpu_count() or 1, at_least=1, only_with="crf")
    max_megapixels: float = option(MAX_MEGAPIXELS, at_least=0)
    annotations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := set(self.annotations).difference(ANNOTATION_FILES):
            raise InputError(
                f"--annotations={','.join(self.annotations)}: {min(unknown)!r}: expected some of "
                f"{', '.join(ANNOTATION_FILES)}"
            )


def predict_files(
    saved_model: SavedModel,
    path_of_name: Mapping[str, str],
    output_dir: str,
    options: PredictOptions = PredictOptions(),
    channels: ChannelOptions = AS_THEY_ARE,
) -> int:
    """Writes what `PredictionFolder` says.

    Images are read as for records: photographs that EXIF says are turned are turned upright first,
    so their masks are, too. Images whose files exist are skipped, so an interrupted run goes on
    where it stopped.

    Args:
        saved_model: an exported model.
        path_of_name: image files, as `find_images` names them.
        output_dir: made if need be.
        options, channels: see there.

    Returns:
        The number of images that were predicted in this call.

    Raises:
        InputError: as `PredictionFolder`, `tile_size` does not fit, or a CRF is asked for and the
            model ends with one (nothing is written then); or images could not be read, or are
            too large for an overlay (all the others are finished then); or refining failed.
    """
    check_tile_size(options.tile_size, saved_model.tile_margin)
    crf_parameters = None
    if options.crf:
        check_no_crf_twice(saved_model.path, saved_model.has_crf)
        check_installed("--crf")
        crf_parameters = load_parameters(options.crf_parameters)
    settings = {
        "model": tf.saved_model.experimental.read_fingerprint(saved_model.path).singleprint(),
        "class_names": list(saved_model.class_names),
        "tile_size": options.tile_size,
        "crf": crf_parameters and dataclasses.asdict(crf_parameters),
        **channels.settings,
    }
    folder = PredictionFolder(output_dir, settings, saved_model.class_names, path_of_name)
    failures: list[str] = []
    done = 0

    def unfinished() -> Iterator[tuple[str, np.ndarray]]:
        for name, path in tqdm(path_of_name.items(), desc="predict", unit="image"):
            if folder.is_finished(name):
                continue
            try:
                image = read_upright(path, channels, options.max_megapixels)
            except InputError as error:
                failures.append(str(error))
                continue
            yield name, image

    if crf_parameters is None:
        label_maps = _label_maps(saved_model, unfinished(), options)
    else:
        label_maps = _refined_label_maps(saved_model, unfinished(), options, crf_parameters)
    try:
        for name, image, label_map in label_maps:
            try:
                folder.write(name, image, label_map)
                done += 1
            except InputError as error:
                failures.append(str(error))
    finally:
        folder.save()
    write_annotation_files(options.annotations, output_dir, path_of_name, saved_model.class_names)
    if failures:
        listed = "\n  ".join(failures)
        raise InputError(
            f"{len(failures)} of {len(path_of_name)} images could not be predicted (the others "
            f"are done):\n  {listed}"
        )
    return done


def _label_maps(
    saved_model: SavedModel, images: Iterable[_Image], options: PredictOptions
) -> Iterator[_LabelMap]:
    def predict(images: np.ndarray) -> np.ndarray:
        return saved_model.predict(images)[0].numpy().astype(np.uint8)

    return predict_in_batches(
        lambda images: predict_in_tiles(
            predict, images, options.tile_size, saved_model.tile_margin
        ),
        images,
        options.batch_size,
    )


def _refined_label_maps(
    saved_model: SavedModel,
    images: Iterable[_Image],
    options: PredictOptions,
    parameters: CrfParameters,
) -> Iterator[_LabelMap]:
    """Large images are refined tile by tile in this process, the others by several."""
    tile_size = options.tile_size

    def probabilities(images: np.ndarray) -> np.ndarray:
        return saved_model.predict(images)[1].numpy()

    def refined(images: np.ndarray) -> np.ndarray:
        pairs = zip(images, probabilities(images), strict=True)
        return np.stack([_labels(refine(*pair, parameters)) for pair in pairs])

    for is_large, group in itertools.groupby(
        images, lambda named: max(named[1].shape[:2]) > tile_size
    ):
        if is_large:
            for name, image in group:
                yield (
                    name,
                    image,
                    predict_in_tiles(refined, image[None], tile_size, saved_model.tile_margin)[0],
                )
        else:
            believed = predict_in_batches(probabilities, group, options.batch_size)
            for name, image, marginals in refine_many(believed, parameters, options.num_workers):
                yield name, image, _labels(marginals)


def _labels(probabilities: np.ndarray) -> np.ndarray:
    return probabilities.argmax(-1).astype(np.uint8)
