"""Adds candidate segments to every image of a folder of TFRecords.

    python scripts/generate_proposals.py --input_dir=records/train \
        --output_dir=records/train_union --method=union

An interrupted run goes on where it stopped when the same command is given again. An image for
which the method fails is left out and named at the end; --strict stops there instead.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.proposals import generate, registry, visualize
from boxsup_tf.records.dataset_info import DATASET_FILE

_INPUT_DIR = flags.DEFINE_string(
    "input_dir", None, "Folder written by prepare_data.py.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder for examples with pools.", required=True
)
_METHOD = flags.DEFINE_enum("method", "union", registry.method_names(), "Proposal method.")
_NUM_WORKERS = flags.DEFINE_integer("num_workers", os.cpu_count() or 1, "Processes.", lower_bound=1)
_PRUNE_BOX_IOU = flags.DEFINE_float(
    "prune_box_iou",
    0.0,
    "Keep only the candidates that a training with this --min_box_iou, or a higher one, could "
    "choose: small records, the same training. 0 keeps all.",
)
_STRICT = flags.DEFINE_bool("strict", False, "Stop at the first image that fails.")
_VISUALIZE = flags.DEFINE_integer(
    "visualize", 0, "Draw so many of the first images into OUTPUT_DIR/pictures.", lower_bound=0
)

_NUM_LISTED = 50  # of the images skipped


def main(_: object) -> None:
    given = {name: flags.FLAGS[name].value for name in _option_flags}
    values = {name: value for name, value in given.items() if value is not None}
    options = registry.make_options(_METHOD.value, values)
    output_dir = _OUTPUT_DIR.value
    info = generate.generate(
        _INPUT_DIR.value,
        output_dir,
        _METHOD.value,
        options,
        _NUM_WORKERS.value,
        _PRUNE_BOX_IOU.value,
        _STRICT.value,
    )
    print(
        f"{output_dir}: {info.num_images} images, {info.num_candidates} candidates, "
        f"{info.num_candidates / info.num_images:.0f} an image"
    )
    if rectangles := generate.count_rectangles(output_dir, info):
        print(f"{rectangles} of {info.num_boxes} boxes have their rectangle as candidate")
    if _VISUALIZE.value:
        for path in visualize.write_pictures(output_dir, _VISUALIZE.value):
            print(f"picture: {path}")
    if info.skipped:
        num_skipped = len(info.skipped)
        print(f"skipped {num_skipped} of {info.num_images + num_skipped} images:")
        for image in info.skipped[:_NUM_LISTED]:
            print(f"  {image.source_id}: {image.reason}")
        if num_skipped > _NUM_LISTED:
            print(f"  and more: {os.path.join(output_dir, DATASET_FILE)} lists all")


if __name__ == "__main__":
    _option_flags = registry.define_option_flags()
    errors.run_script(main)
