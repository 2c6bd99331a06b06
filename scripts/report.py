"""Makes one HTML file of evaluations: scores, plots, and every image with its label maps.

    python scripts/report.py --evaluation=runs/voc/eval --data=records/voc_val \
        --model_dir=runs/voc --output=report.html

The file needs no network. Folders of several evaluations of one data set, with commas between
them, are set side by side.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.evaluation.report.page import write_report

_EVALUATION = flags.DEFINE_list(
    "evaluation", None, "Folders that evaluate.py wrote, with commas between.", required=True
)
_DATA = flags.DEFINE_string("data", None, "Folder of the records evaluated.", required=True)
_MODEL_DIR = flags.DEFINE_string(
    "model_dir", "", "Folder of a training run, for its curves and mask evolution."
)
_OUTPUT = flags.DEFINE_string("output", None, "The HTML file.", required=True)
_MAX_SIDE = flags.DEFINE_integer("max_side", 500, "Larger pictures are reduced to it, pixels.")


def main(_: object) -> None:
    left_out = write_report(
        _EVALUATION.value, _DATA.value, _MODEL_DIR.value, _OUTPUT.value, _MAX_SIDE.value
    )
    for note in left_out:
        print(f"left out: {note}")
    print(f"{_OUTPUT.value}: {os.path.getsize(_OUTPUT.value) / 1e6:.1f} MB")


if __name__ == "__main__":
    errors.run_script(main)
