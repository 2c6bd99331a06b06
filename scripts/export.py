"""Exports a trained model as a SavedModel that needs TensorFlow alone.

    python scripts/export.py --model_dir=runs/voc --output_dir=exports/voc --scales=0.8,1.0,1.2

Writes OUTPUT_DIR/VERSION, the next free number, as TensorFlow Serving expects it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.inference.export import export
from boxsup_tf.inference.predictor import parse_scales
from boxsup_tf.training.checkpoints import load_model

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Folder of a training run, or the folder best in it.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the versions.", required=True)
_SCALES = flags.DEFINE_string("scales", "1.0", "Image scales to average over, as 0.8,1.0,1.2.")


def main(_: object) -> None:
    scales = parse_scales(_SCALES.value)
    model, class_names = load_model(_MODEL_DIR.value)
    path = export(model, class_names, _OUTPUT_DIR.value, scales)
    print(f"{path}: {len(class_names)} classes, {len(scales)} scale(s)")


if __name__ == "__main__":
    errors.run_script(main)
