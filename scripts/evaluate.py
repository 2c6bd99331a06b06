"""Scores a model on a dataset: mean IoU, IoU of each class, accuracies, scores at boundaries.

    python scripts/evaluate.py --model_dir=runs/voc --data=records/voc_val \
        --output_dir=runs/voc/eval
    python scripts/evaluate.py --saved_model=exports/voc --data=records/voc_val \
        --output_dir=runs/voc/eval_saved --crf --num_workers=2

Writes into OUTPUT_DIR metrics.json; per_image.json, worst image first, and worst.jpg;
confusion.json and confusion.png; trimap.json and trimap.png; the label maps, as
predictions/ID.png; and seconds.json; with --crf, OUTPUT_DIR/crf has the same of the refined label
maps. Run again, it predicts what is missing and counts anew.
The scales of a SavedModel were chosen when it was exported.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from boxsup_tf import errors, settings
from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.inference import segmentation_model
from boxsup_tf.inference.predictor import parse_scales
from boxsup_tf.metrics import metric_names

_MODEL_DIR = flags.DEFINE_string(
    "model_dir", "", "Folder of a training run, or the folder best in it."
)
_SAVED_MODEL = flags.DEFINE_string("saved_model", "", "Or: a folder that export.py wrote.")
_DATA = flags.DEFINE_string("data", None, "Folder of records with masks.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder for the results.", required=True)
_SCALES = flags.DEFINE_string(
    "scales", "1.0", "Image scales to average over, as 0.8,1.0,1.2; with --model_dir."
)
_FLIP = flags.DEFINE_bool("flip", False, "Average over mirror images, too; with --model_dir.")
settings.define_flags(EvaluateOptions)


def main(_: object) -> None:
    if bool(_MODEL_DIR.value) == bool(_SAVED_MODEL.value):
        raise errors.InputError("expected one of --model_dir and --saved_model")
    for flag in (_SCALES, _FLIP):
        if _SAVED_MODEL.value and flag.present:
            raise errors.InputError(
                f"--{flag.name} has no effect with --saved_model: give it to export.py"
            )
    options = settings.parsed_flags(EvaluateOptions)
    for name in ("crf_parameters", "num_workers"):
        if flags.FLAGS[name].present and not options.crf:
            raise errors.InputError(f"--{name} has no effect without --crf")
    if _SAVED_MODEL.value:
        model = segmentation_model.of_export(_SAVED_MODEL.value)
    else:
        model = segmentation_model.of_run(
            _MODEL_DIR.value, parse_scales(_SCALES.value), _FLIP.value
        )
    evaluations = evaluate(model, _DATA.value, _OUTPUT_DIR.value, options)
    if evaluations:
        _show([evaluation.metrics for evaluation in evaluations])
    print(f"{_OUTPUT_DIR.value}: done")


def _show(columns: Sequence[Mapping[str, Any]]) -> None:
    for name in columns[0]["per_class_iou"]:
        print(_row(name, [column["per_class_iou"][name] for column in columns]))
    for name, title in metric_names.TITLES.items():
        print(_row(title, [column[name] for column in columns]))
    if len(columns) > 1:
        print("Left: the model's own label maps; right: refined by the CRF.")
    scored, others = (columns[0][name] for name in ("num_images", "num_images_without_mask"))
    print(f"{scored} images; {others} without a mask were not scored")


def _row(name: str, values: list[float | None]) -> str:
    return f"{name:22s}" + "".join(f" {metric_names.percent(value):>6s}" for value in values)


if __name__ == "__main__":
    errors.run_script(main)
