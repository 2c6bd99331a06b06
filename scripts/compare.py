"""Compares evaluations with the first one, and says how sure the differences are.

    python scripts/compare.py --evaluations=runs/rectangles/eval,runs/boxsup/eval \
        --output_dir=runs/comparison

Each folder is one that evaluate.py wrote, all over the same images; one that ran the CRF counts
twice, without and with it. Prints a table, and writes OUTPUT_DIR/comparison.md and comparison.json.
"""

from absl import flags

from boxsup_tf import errors
from boxsup_tf.evaluation.comparison.compare import compare
from boxsup_tf.evaluation.comparison.table import format_table

_EVALUATIONS = flags.DEFINE_list(
    "evaluations", None, "Folders that evaluate.py wrote, comma-separated.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder for the table.", required=True)
_RESAMPLES = flags.DEFINE_integer(
    "resamples", 2000, "Draws of images that a difference's interval is made of.", lower_bound=1
)
_NUM_IMAGES = flags.DEFINE_integer(
    "num_images", 10, "So many images that gained, and that lost, most are named.", lower_bound=0
)


def main(_: object) -> None:
    comparison = compare(_EVALUATIONS.value, _OUTPUT_DIR.value, _RESAMPLES.value, _NUM_IMAGES.value)
    print(format_table(comparison), end="")


if __name__ == "__main__":
    errors.run_script(main)
