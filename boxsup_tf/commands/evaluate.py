r"""Scores a model on a dataset: IoU of each class, accuracies, scores at boundaries.

    boxsup evaluate --model_dir=runs/voc --data=records/voc_val --output_dir=runs/voc/eval
    boxsup evaluate --saved_model=exports/voc --data=records/voc_val \
        --output_dir=runs/voc/eval_saved --crf --num_workers=2

Writes into OUTPUT_DIR metrics.json; per_image.json, worst image first, and worst.jpg;
confusion.json and confusion.png; trimap.json and trimap.png; the label maps, as
predictions/ID.png; and seconds.json; with --crf, OUTPUT_DIR/crf has the same of the refined label
maps. Run again, it predicts what is missing and counts anew.
The scales of a SavedModel were chosen when it was exported.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

from boxsup_tf.commands.next_step import say_next
from boxsup_tf.errors import InputError
from boxsup_tf.evaluation.evaluate import EvaluateOptions, evaluate
from boxsup_tf.inference import segmentation_model
from boxsup_tf.metrics import metric_names
from boxsup_tf.models.saved_network import CHECKPOINTS
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is scored.

    Attributes:
        data: Folder of records with masks.
        output_dir: Folder for the results.
        Model:
        model_dir: Folder of a training run.
        checkpoint: The run's network of highest validation mean IoU, or its last; best is the last
          one where the run had no validation; with --model_dir.
        saved_model: Or: a folder that export wrote.
        scales: Image scales to average over, as 0.8,1.0,1.2; with --model_dir.
        flip: Average over mirror images, too; with --model_dir.
    """

    data: str
    output_dir: str = option(written=True)
    model_dir: str = ""
    checkpoint: str = option("best", choices=CHECKPOINTS, only_with="model_dir")
    saved_model: str = ""
    scales: tuple[float, ...] = option((1.0,), only_with="model_dir")
    flip: bool = option(False, only_with="model_dir")

    def __post_init__(self) -> None:
        if bool(self.model_dir) == bool(self.saved_model):
            raise InputError("expected one of --model_dir and --saved_model")


def run(options: Options, details: EvaluateOptions) -> None:
    if options.saved_model:
        model = segmentation_model.of_export(options.saved_model)
    else:
        model = segmentation_model.of_run(
            options.model_dir, options.scales, options.flip, options.checkpoint
        )
    print(model.origin, flush=True)
    evaluations = evaluate(model, options.data, options.output_dir, details)
    if evaluations:
        show([evaluation.metrics for evaluation in evaluations])
    print(f"{options.output_dir}: scores, label maps and pictures are there")
    if evaluations:
        run_folder = {"model_dir": options.model_dir} if options.model_dir else {}
        output = os.path.join(options.output_dir, "report.html")
        say_next(
            "report", evaluation=options.output_dir, data=options.data, **run_folder, output=output
        )


def show(columns: Sequence[Mapping[str, Any]]) -> None:
    """Prints the metrics of an evaluation, and beside them those of its CRF's, if it has them."""
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
