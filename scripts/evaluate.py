"""Scores a model on a dataset: mean IoU, IoU of each class, pixel accuracy.

    python scripts/evaluate.py --model_dir=runs/voc --data=records/voc_val \
        --output_dir=runs/voc/eval
    python scripts/evaluate.py --saved_model=exports/voc --data=records/voc_val \
        --output_dir=runs/voc/eval_saved

Writes OUTPUT_DIR/metrics.json. The scales of a SavedModel were chosen when it was exported.
"""

import os
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from absl import flags

from boxsup_tf import errors, fields
from boxsup_tf.evaluation.evaluate import evaluate
from boxsup_tf.inference.predictor import Predictor, parse_scales
from boxsup_tf.inference.saved_model import load_saved_model
from boxsup_tf.training.checkpoints import load_model

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", "", "Folder of a training run, or the folder best in it."
)
_SAVED_MODEL = flags.DEFINE_string("saved_model", "", "Or: a folder that export.py wrote.")
_DATA = flags.DEFINE_string("data", None, "Folder of records with masks.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder for metrics.json.", required=True)
_SCALES = flags.DEFINE_string(
    "scales", "1.0", "Image scales to average over, as 0.8,1.0,1.2; with --model_dir."
)


def main(_: object) -> None:
    if bool(_MODEL_DIR.value) == bool(_SAVED_MODEL.value):
        raise errors.InputError("expected one of --model_dir and --saved_model")
    if _SAVED_MODEL.value and _SCALES.present:
        raise errors.InputError("--scales has no effect with --saved_model: give it to export.py")
    predict, class_names = _load()
    metrics = evaluate(predict, _DATA.value, _OUTPUT_DIR.value, class_names)
    for name, iou in metrics["per_class_iou"].items():
        print(f"{name:20s} {'-' if iou is None else format(100 * iou, '.2f'):>6s}")
    print(f"{'mean IoU':20s} {100 * metrics['mean_iou']:6.2f}")
    print(f"{'pixel accuracy':20s} {100 * metrics['pixel_accuracy']:6.2f}")
    path = os.path.join(_OUTPUT_DIR.value, fields.METRICS_FILE)
    print(
        f"{path}: {metrics['num_images']} images; {metrics['num_images_without_mask']} without "
        "a mask were skipped"
    )


def _load() -> tuple[Callable[[tf.Tensor], tf.Tensor], tuple[str, ...]]:
    if _SAVED_MODEL.value:
        saved_model = load_saved_model(_SAVED_MODEL.value)
        return lambda images: saved_model.predict(images)[0], saved_model.class_names
    scales = parse_scales(_SCALES.value)
    model, class_names = load_model(_MODEL_DIR.value)
    predictor = Predictor(model, scales)
    return lambda images: predictor.predict(images)[fields.SEMANTIC_PREDICTIONS], class_names


if __name__ == "__main__":
    errors.run_script(main)
