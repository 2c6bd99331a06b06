"""Writes a SavedModel that needs nothing but TensorFlow: every weight once, all sizes."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence

import tensorflow as tf

from boxsup_tf.crf import mean_field
from boxsup_tf.crf.parameters import CRF_FILE, CrfParameters, format_parameters
from boxsup_tf.inference.check_sums import write_sums
from boxsup_tf.inference.class_names_file import LABEL_MAP_FILE, format_class_names
from boxsup_tf.inference.predictor import Predictor, outputs_of
from boxsup_tf.inference.signatures import build_signatures
from boxsup_tf.inference.tiling import TILE_MARGIN_FILE, margin_of
from boxsup_tf.inference.warmup import write_warmup_requests
from boxsup_tf.io import files
from boxsup_tf.io.local_disk import move_folder, on_local_disk
from boxsup_tf.models.segmenter import Segmenter

PRECISIONS = ("float32", "bfloat16")
MAX_MEGAPIXELS = 8.0  # of a request; whole images take some 900 bytes per pixel


def export(
    segmenter: Segmenter,
    output_dir: str,
    scales: Sequence[float] = (1.0,),
    flip: bool = False,
    precision: str = "float32",
    crf_parameters: CrfParameters | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> str:
    """Writes OUTPUT_DIR/VERSION, with VERSION the next free number.

    Its signatures are those of `signatures.build_signatures`, with the outputs of
    `Predictor.predict`. Reading, resizing and averaging over scales happen inside the graph.
    Warm-up requests for TensorFlow Serving lie in assets.extra/, and the files' check sums.

    Args:
        segmenter: the network.
        output_dir: made if need be; earlier versions in it stay.
        scales, flip: see `Predictor`.
        precision: one of `PRECISIONS`; of the weights, and of what is computed with them
            (`models.bfloat16_copy`). float32 leaves the model as it is.
        crf_parameters: where given, the graph ends with a CRF (`mean_field`), and the
            probabilities are its marginals; assets/crf.json names its parameters.
        max_megapixels: 10**6 pixels that a request may have at most: the graph refuses more.

    Returns:
        The path OUTPUT_DIR/VERSION.

    Raises:
        ValueError: no such precision.
        OSError: the folder cannot be written to, or the disk is full.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r}: expected one of {', '.join(PRECISIONS)}")
    if precision == "bfloat16":
        segmenter = segmenter.bfloat16_copy(stored=True)
    predictor = Predictor(segmenter, scales, flip)
    files.make_folders(output_dir)
    # A model server watches for folders with a number for a name: until it is whole, the
    # export has another. Not by mkdtemp, whose folders other users cannot enter.
    with on_local_disk(output_dir) as folder:
        temporary = os.path.join(folder, f"export.{os.getpid()}.tmp")
        try:
            predict = _with_crf(predictor, crf_parameters) if crf_parameters else predictor.predict
            assets = {
                LABEL_MAP_FILE: format_class_names(segmenter.class_names),
                TILE_MARGIN_FILE: f"{margin_of(segmenter.family.margin)}\n",
            }
            if crf_parameters:
                assets[CRF_FILE] = format_parameters(crf_parameters)
            _save(build_signatures(predict, max_megapixels), segmenter, assets, temporary)
            write_sums(temporary)
            return _publish(temporary, output_dir)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def versions(output_dir: str) -> list[int]:
    """The numbers of the versions in a folder of exports, ascending."""
    names = files.names_in(output_dir) if files.is_folder(output_dir) else []
    return sorted(int(name) for name in names if name.isdecimal())


def _with_crf(predictor: Predictor, parameters: CrfParameters) -> Callable:
    @tf.function(input_signature=predictor.predict.input_signature)
    def predict(images: tf.Tensor) -> dict[str, tf.Tensor]:
        probabilities = predictor.probabilities(images)
        return outputs_of(mean_field.refine(images, probabilities, parameters))

    return predict


def _save(
    signatures: dict[str, Callable], segmenter: Segmenter, assets: dict[str, str], folder: str
) -> None:
    module = tf.Module()
    # The variables alone, not the Keras model, whose objects would be saved along.
    module.weights = [weight.value for weight in segmenter.model.weights]
    with tempfile.TemporaryDirectory() as scratch:
        module.assets = []
        for name, text in assets.items():
            path = os.path.join(scratch, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            module.assets.append(tf.saved_model.Asset(path))
        with files.written_by_tensorflow(folder):
            tf.saved_model.save(module, folder, signatures)
    write_warmup_requests(folder)


def _publish(temporary: str, output_dir: str) -> str:
    version = max(versions(output_dir), default=0)
    while True:
        version += 1
        path = os.path.join(output_dir, str(version))
        try:
            move_folder(temporary, path)
            return path
        except OSError:
            # Another export may have taken the number meanwhile.
            if not files.exists(path):
                raise
