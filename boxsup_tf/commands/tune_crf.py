"""Searches the parameters of the dense CRF on held-out images, coarse to fine.

    boxsup tune_crf --model_dir=runs/voc/best --data=records/voc_val --output_dir=runs/voc/crf

Writes every setting that was tried, with its mean IoU, to OUTPUT_DIR/crf.json, which
--crf_parameters of other programs takes. An interrupted search goes on where it stopped. Images
on which parameters were chosen flatter the model: judge it on others.
"""

import dataclasses
import os

from boxsup_tf.commands.next_step import beside, say_next
from boxsup_tf.crf.parameters import CRF_FILE
from boxsup_tf.evaluation.tune_crf import Grid, tune
from boxsup_tf.inference import segmentation_model
from boxsup_tf.models.saved_network import CHECKPOINTS
from boxsup_tf.settings import option


@dataclasses.dataclass(frozen=True)
class Options:
    """What the search is made on.

    Attributes:
        model_dir: Folder of a training run.
        data: Folder of records with masks.
        output_dir: Folder for crf.json.
        checkpoint: The run's network of highest validation mean IoU, or its last; best is the last
          one where the run had no validation.
        scales: Image scales to average over, as 0.8,1.0,1.2.
        flip: Average over mirror images, too.
        num_images: Spread over the data.
        num_workers: Processes.
    """

    model_dir: str
    data: str
    output_dir: str = option(written=True)
    checkpoint: str = option("best", choices=CHECKPOINTS)
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    num_images: int = option(100, at_least=1)
    num_workers: int = option(os.cpu_count() or 1, at_least=1)


def run(options: Options, grid: Grid) -> None:
    model = segmentation_model.of_run(
        options.model_dir, options.scales, options.flip, options.checkpoint
    )
    print(model.origin, flush=True)
    found = tune(
        model, options.data, options.output_dir, grid, options.num_images, options.num_workers
    )
    best = found["best"]
    for name, value in best["parameters"].items():
        print(f"{name:20s} {value:6g}")
    print(f"{'mean IoU':20s} {100 * best['mean_iou']:6.2f}")
    print(f"{'without CRF':20s} {100 * found['unrefined_mean_iou']:6.2f}")
    path = os.path.join(options.output_dir, CRF_FILE)
    print(f"{path}: {len(found['tried'])} settings on {found['settings']['num_images']} images")
    say_next(
        "evaluate",
        model_dir=options.model_dir,
        data="RECORDS",
        output_dir=beside(options.output_dir, "evaluation"),
        crf="true",
        crf_parameters=path,
    )
