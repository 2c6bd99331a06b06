r"""Compares evaluations with the first one, and says how sure the differences are.

    boxsup compare --evaluations=runs/rectangles/eval,runs/boxsup/eval \
        --output_dir=runs/comparison

Each folder is one that evaluate wrote, all over the same images; one that ran the CRF counts
twice, without and with it. Prints a table, and writes OUTPUT_DIR/comparison.md and comparison.json;
and trimap.png, the scores near boundaries and away from them in one plot.
"""

import dataclasses
import os

from boxsup_tf.commands.next_step import say_next
from boxsup_tf.evaluation.comparison.compare import TABLE_FILE, compare
from boxsup_tf.evaluation.comparison.table import format_table
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is compared.

    Attributes:
        evaluations: Folders that evaluate wrote, comma-separated.
        output_dir: Folder for the table.
        resamples: Draws of images that a difference's interval is made of.
        num_images: Number of images named that gained most, and of those that lost most.
    """

    evaluations: tuple[str, ...]
    output_dir: str = option(written=True)
    resamples: int = option(2000, at_least=1)
    num_images: int = option(10, at_least=0)


def run(options: Options) -> None:
    comparison = compare(
        options.evaluations, options.output_dir, options.resamples, options.num_images
    )
    print(format_table(comparison), end="")
    print(f"{os.path.join(options.output_dir, TABLE_FILE)}: the same; trimap.png: near boundaries")
    say_next(
        "report",
        evaluation=",".join(options.evaluations),
        data="RECORDS",
        output=os.path.join(options.output_dir, "report.html"),
    )
