"""Adds candidate segments to every image of a folder of TFRecords.

    python scripts/generate_proposals.py --input_dir=records/train \
        --output_dir=records/train_scg --method=scg

An interrupted run goes on where it stopped when the same command is given again.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags

from boxsup_tf import errors
from boxsup_tf.proposals import generate, registry

_INPUT_DIR = flags.DEFINE_string(
    "input_dir", None, "Folder written by prepare_data.py.", required=True
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder for examples with pools.", required=True
)
_METHOD = flags.DEFINE_enum("method", "scg", registry.method_names(), "Proposal method.")
_NUM_WORKERS = flags.DEFINE_integer("num_workers", os.cpu_count() or 1, "Processes.", lower_bound=1)


def main(_: object) -> None:
    given = {name: flags.FLAGS[name].value for name in _option_flags}
    values = {name: value for name, value in given.items() if value is not None}
    options = registry.make_options(_METHOD.value, values)
    info = generate.generate(
        _INPUT_DIR.value, _OUTPUT_DIR.value, _METHOD.value, options, _NUM_WORKERS.value
    )
    print(
        f"{_OUTPUT_DIR.value}: {info.num_images} images, {info.num_candidates} candidates, "
        f"{info.num_candidates / info.num_images:.0f} an image"
    )


if __name__ == "__main__":
    _option_flags = registry.define_option_flags()
    errors.run_script(main)
