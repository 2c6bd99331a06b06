r"""Scores a network of train_cfm on a dataset with candidates.

    boxsup evaluate_cfm --model_dir=runs/cfm --data=records/val_mcg --output_dir=runs/cfm/eval

Writes into OUTPUT_DIR what evaluate writes, so that compare and report read it, too. Run again, it
predicts what is missing and counts anew.
"""

import dataclasses

from boxsup_tf.cfm.predict import load_cfm
from boxsup_tf.commands.evaluate import show
from boxsup_tf.evaluation.evaluate import EvaluateOptions
from boxsup_tf.evaluation.evaluate_records import evaluate_records
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is scored.

    Attributes:
        model_dir: Folder of a training.
        data: Folder of records with masks and candidates.
        output_dir: Folder for the results.
        trimap_widths: Widths, in pixels and ascending, of the bands around true boundaries in
          which, and outside of which, mean IoU is measured.
    """

    model_dir: str
    data: str
    output_dir: str = option(written=True)
    trimap_widths: tuple[float, ...] = EvaluateOptions.trimap_widths


def run(options: Options) -> None:
    model = load_cfm(options.model_dir)
    evaluation = evaluate_records(
        model.label_map,
        model.class_names,
        model.settings,
        options.data,
        options.output_dir,
        options.trimap_widths,
    )
    show([evaluation.metrics])
    print(f"{options.output_dir}: done")
