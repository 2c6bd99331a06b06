"""Writes a mask and an overlay for every image, with an exported model, and what was found.

    python scripts/predict.py --saved_model=exports/voc --images='photos/*.jpg' \
        --output_dir=predictions
    python scripts/predict.py --saved_model=exports/voc --images=photos --images=one.png \
        --output_dir=predictions --crf

Writes OUTPUT_DIR/masks/NAME.png (palette PNGs of labels), overlays/NAME.jpg and predictions.json:
the classes of every image and their areas. Quote patterns, the program expands them itself. An
interrupted run goes on where it stopped when the same command is given again. Images that cannot
be read are listed at the end, and the exit status is then 1.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.crf.parameters import load_parameters
from boxsup_tf.inference.batching import BATCH_SIZE
from boxsup_tf.inference.image_paths import find_images
from boxsup_tf.inference.predict_files import predict_files
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.inference.tiling import TILE_SIZE
from boxsup_tf.records.example import MAX_MEGAPIXELS

_SAVED_MODEL = flags.DEFINE_string(
    "saved_model", None, "Folder that export.py wrote.", required=True
)
_IMAGES = flags.DEFINE_multi_string(
    "images", None, "File, folder or quoted pattern; may be given again.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder for masks/, overlays/ and predictions.json.", required=True
)
_CRF = flags.DEFINE_bool("crf", False, "Refine the masks along the images' edges.")
_CRF_PARAMETERS = flags.DEFINE_string(
    "crf_parameters", "deeplab_largefov", "With --crf: a name, or tune_crf.py's crf.json."
)
_TILE_SIZE = flags.DEFINE_integer(
    "tile_size",
    TILE_SIZE,
    "Pixels: images with a longer side pass the network in overlapping tiles of this side; "
    "smaller ones take less memory and more time.",
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", BATCH_SIZE, "So many images of one size pass the network together.", lower_bound=1
)
_NUM_WORKERS = flags.DEFINE_integer(
    "num_workers", os.cpu_count() or 1, "With --crf: processes that run it.", lower_bound=1
)
_MAX_MEGAPIXELS = flags.DEFINE_float(
    "max_megapixels", MAX_MEGAPIXELS, "Larger images are refused.", lower_bound=0
)


def main(_: object) -> None:
    crf_parameters = load_parameters(_CRF_PARAMETERS.value) if _CRF.value else None
    path_of_name = find_images(_IMAGES.value, _OUTPUT_DIR.value)
    done = predict_files(
        load_saved_model(_SAVED_MODEL.value),
        path_of_name,
        _OUTPUT_DIR.value,
        crf_parameters=crf_parameters,
        tile_size=_TILE_SIZE.value,
        batch_size=_BATCH_SIZE.value,
        num_workers=_NUM_WORKERS.value,
        max_megapixels=_MAX_MEGAPIXELS.value,
    )
    print(f"{_OUTPUT_DIR.value}: {done} new of {len(path_of_name)} images")


if __name__ == "__main__":
    errors.run_script(main)
