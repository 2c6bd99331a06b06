r"""Makes one HTML file of evaluations: scores, plots, every image with its label maps.

    boxsup report --evaluation=runs/voc/eval --data=records/voc_val --model_dir=runs/voc \
        --output=report.html

The file needs no network. Folders of several evaluations of one data set, with commas between
them, are set side by side.
"""

import dataclasses
import os

from boxsup_tf.commands.next_step import say_next
from boxsup_tf.evaluation.report.page import write_report
from boxsup_tf.io import files
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is reported on.

    Attributes:
        evaluation: Folders that evaluate wrote, with commas between.
        data: Folder of the records evaluated.
        output: The HTML file.
        model_dir: Folder of a training run, for its curves and mask evolution.
        max_side: Larger pictures are reduced to it, pixels.
    """

    evaluation: tuple[str, ...]
    data: str
    output: str
    model_dir: str = ""
    max_side: int = option(500, at_least=1)


def run(options: Options) -> None:
    left_out = write_report(
        options.evaluation, options.data, options.model_dir, options.output, options.max_side
    )
    for note in left_out:
        print(f"left out: {note}")
    print(f"{options.output}: {files.size(options.output) / 1e6:.1f} MB; open it in a browser")
    if options.model_dir:
        export = os.path.join(options.model_dir, "export")
        say_next("export", model_dir=options.model_dir, output_dir=export)
