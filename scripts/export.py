"""Exports a trained model as a SavedModel that needs TensorFlow alone.

    python scripts/export.py --model_dir=runs/voc --output_dir=exports/voc --scales=0.8,1.0,1.2

Writes OUTPUT_DIR/VERSION, the next free number, as TensorFlow Serving expects it
(docs/serving.md).
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.crf.parameters import load_parameters
from boxsup_tf.inference.export import MAX_MEGAPIXELS, PRECISIONS, export
from boxsup_tf.inference.predictor import parse_scales
from boxsup_tf.inference.tiling import TILE_SIZE
from boxsup_tf.models.saved_network import load_segmenter

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Folder of a training run, or the folder best in it.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the versions.", required=True)
_SCALES = flags.DEFINE_string("scales", "1.0", "Image scales to average over, as 0.8,1.0,1.2.")
_FLIP = flags.DEFINE_bool("flip", False, "Average over the mirror image, too; twice the time.")
_PRECISION = flags.DEFINE_enum(
    "precision", "float32", PRECISIONS, "Of the weights; bfloat16 halves their size."
)
_CRF = flags.DEFINE_bool("crf", False, "End the graph with a CRF, in TensorFlow operations alone.")
_CRF_PARAMETERS = flags.DEFINE_string(
    "crf_parameters", "deeplab_largefov", "With --crf: a name, or tune_crf.py's crf.json."
)
_MAX_MEGAPIXELS = flags.DEFINE_float(
    "max_megapixels",
    MAX_MEGAPIXELS,
    "The model refuses requests of more pixels, which take some 900 bytes each; at least a tile of "
    "predict.py.",
    lower_bound=TILE_SIZE**2 / 1e6,
)


def main(_: object) -> None:
    scales = parse_scales(_SCALES.value)
    crf_parameters = load_parameters(_CRF_PARAMETERS.value) if _CRF.value else None
    segmenter = load_segmenter(_MODEL_DIR.value)
    path = export(
        segmenter,
        _OUTPUT_DIR.value,
        scales=scales,
        flip=_FLIP.value,
        precision=_PRECISION.value,
        crf_parameters=crf_parameters,
        max_megapixels=_MAX_MEGAPIXELS.value,
    )
    print(
        f"{path}: {len(segmenter.class_names)} classes, {len(scales)} scale(s), {_PRECISION.value}"
    )


if __name__ == "__main__":
    errors.run_script(main)
