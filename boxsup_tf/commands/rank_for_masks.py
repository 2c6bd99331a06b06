r"""Orders images that have boxes alone by what a human's mask of each would bring.

    boxsup rank_for_masks --model_dir=runs/boxsup --data=records/train_union --share=0.1 \
        --output=masks_first.txt
    boxsup prepare_data ... --only_ids=masks_first.txt --output_dir=records/with_masks

Writes the ids, most urgent first, into OUTPUT, as --only_ids and --without_ids of prepare_data take
them, and beside it, as OUTPUT with the ending .csv, the scores of all images (docs/boxes.md).
"""

import dataclasses
import math
import os

from boxsup_tf.box_quality.mask_ranking import rank_for_masks, write_ids, write_table
from boxsup_tf.commands.next_step import say_next
from boxsup_tf.errors import InputError
from boxsup_tf.io import files
from boxsup_tf.models.saved_network import CHECKPOINTS, choose_network
from boxsup_tf.settings import check, option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is ranked.

    Attributes:
        model_dir: Folder of a training run.
        data: Folder of records with candidate pools, such as the run was trained on.
        output: File for the ids.
        checkpoint: The run's network of highest validation mean IoU, or its last; best is the last
          one where the run had no validation.
        share: Of the images, those first, whose ids are written.
        k: Candidates of a box whose disagreement counts.
        with_masks: Rank images that have a mask already, too; the table then says how much of
          their pseudo-masks is wrong.
    """

    model_dir: str
    data: str
    output: str
    checkpoint: str = option("best", choices=CHECKPOINTS)
    share: float = option(1.0, above=0, at_most=1)
    k: int = option(5, at_least=2)
    with_masks: bool = False

    def __post_init__(self) -> None:
        check(self)
        if self.output.endswith(".csv"):
            raise InputError(f"--output={self.output}: expected another ending: .csv is the table")


def run(options: Options) -> None:
    folder, what = choose_network(options.model_dir, options.checkpoint)
    print(f"{folder}: {what}", flush=True)
    files.make_folders(os.path.dirname(options.output) or ".")  # before the long part
    images = rank_for_masks(folder, options.data, options.k, options.with_masks)
    count = math.ceil(options.share * len(images) - 1e-9)  # 0.07 * 100 is more than 7
    table = f"{os.path.splitext(options.output)[0]}.csv"
    write_ids(options.output, images[:count])
    write_table(table, images)
    print(f"{options.output}: {count} of {len(images)} images, most urgent first; {table}: scores")
    say_next("prepare_data", only_ids=options.output)  # with their masks
