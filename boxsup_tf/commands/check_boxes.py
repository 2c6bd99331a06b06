r"""Ranks annotated boxes by how wrong they look to a trained network, with a page of pictures.

    boxsup check_boxes --model_dir=runs/boxsup --data=records/train --output_dir=runs/boxsup/boxes

Finds badly placed boxes, boxes of the wrong class, objects without a box, and boxes drawn twice.
Writes into OUTPUT_DIR boxes.csv, a row per finding, most suspicious first, and boxes.html, one file
that shows the first ones (docs/boxes.md). Run again after an interruption, it goes on.
"""

import dataclasses
import os

from boxsup_tf.box_quality.check_boxes import PAGE_FILE, TABLE_FILE, check_boxes
from boxsup_tf.errors import InputError
from boxsup_tf.inference import segmentation_model
from boxsup_tf.models.saved_network import CHECKPOINTS
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What is checked.

    Attributes:
        data: Folder of records, with or without candidate pools.
        output_dir: Folder for boxes.csv and boxes.html.
        model_dir: Folder of a training run.
        checkpoint: The run's network of highest validation mean IoU, or its last; best is the last
          one where the run had no validation; with --model_dir.
        saved_model: Or: a folder that export wrote.
        num_shown: Findings on the page.
        use_pools: Where there are pools, take the ends of objects from candidates.
    """

    data: str
    output_dir: str = option(written=True)
    model_dir: str = ""
    checkpoint: str = option("best", choices=CHECKPOINTS, only_with="model_dir")
    saved_model: str = ""
    num_shown: int = option(200, at_least=1)
    use_pools: bool = True

    def __post_init__(self) -> None:
        if bool(self.model_dir) == bool(self.saved_model):
            raise InputError("expected one of --model_dir and --saved_model")


def run(options: Options) -> None:
    if options.saved_model:
        model = segmentation_model.of_export(options.saved_model)
    else:
        model = segmentation_model.of_run(options.model_dir, (1.0,), False, options.checkpoint)
    print(model.origin, flush=True)
    findings = check_boxes(
        model, options.data, options.output_dir, options.num_shown, options.use_pools
    )
    for finding in findings[:5]:
        print(f"{finding.score:.2f}  {finding.kind:13s} {finding.source_id}")
    table, page = (os.path.join(options.output_dir, name) for name in (TABLE_FILE, PAGE_FILE))
    print(f"{table}: {len(findings)} findings, most suspicious first")
    print(f"next: open {page} in a browser")
