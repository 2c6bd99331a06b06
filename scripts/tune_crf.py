"""Searches the parameters of the dense CRF on held-out images, coarse to fine.

    python scripts/tune_crf.py --model_dir=runs/voc/best --data=records/voc_val \
        --output_dir=runs/voc/crf

Writes every setting that was tried, with its mean IoU, to OUTPUT_DIR/crf.json, which
--crf_parameters of other programs takes. An interrupted search goes on where it stopped. Images
on which parameters were chosen flatter the model: judge it on others.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors, settings
from boxsup_tf.crf.parameters import CRF_FILE
from boxsup_tf.evaluation.tune_crf import Grid, tune
from boxsup_tf.inference import segmentation_model
from boxsup_tf.inference.predictor import parse_scales

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Folder of a training run, or the folder best in it.", required=True
)
_DATA = flags.DEFINE_string("data", None, "Folder of records with masks.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder for crf.json.", required=True)
_SCALES = flags.DEFINE_string("scales", "1.0", "Image scales to average over, as 0.8,1.0,1.2.")
_FLIP = flags.DEFINE_bool("flip", False, "Average over mirror images, too.")
_NUM_IMAGES = flags.DEFINE_integer("num_images", 100, "Spread over the data.", lower_bound=1)
_NUM_WORKERS = flags.DEFINE_integer("num_workers", os.cpu_count() or 1, "Processes.", lower_bound=1)


def main(_: object) -> None:
    grid = settings.parsed_flags(Grid)
    found = tune(
        segmentation_model.of_run(_MODEL_DIR.value, parse_scales(_SCALES.value), _FLIP.value),
        _DATA.value,
        _OUTPUT_DIR.value,
        grid,
        _NUM_IMAGES.value,
        _NUM_WORKERS.value,
    )
    best = found["best"]
    for name, value in best["parameters"].items():
        print(f"{name:20s} {value:6g}")
    print(f"{'mean IoU':20s} {100 * best['mean_iou']:6.2f}")
    print(f"{'without CRF':20s} {100 * found['unrefined_mean_iou']:6.2f}")
    print(
        f"{os.path.join(_OUTPUT_DIR.value, CRF_FILE)}: {len(found['tried'])} settings on "
        f"{found['settings']['num_images']} images"
    )


if __name__ == "__main__":
    settings.define_flags(Grid)
    errors.run_script(main)
