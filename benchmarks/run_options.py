"""What the options of a run cost that change its speed alone: --jit_compile, --update_batch.

    python benchmarks/run_options.py --json=run_options.json
    python benchmarks/run_options.py --device=gpu --precision=bfloat16 --batch_size=20

All data are generated. What is compared takes turns; figures are medians of seconds per image.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses
import tempfile

import numpy as np
import program
from absl import flags

from boxsup_tf.io.json_file import write_json
from boxsup_tf.training.config import PRECISIONS, TrainConfig

_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")
_REPEATS = flags.DEFINE_integer("repeats", 3, "Turns.", lower_bound=1)
_PRECISION = flags.DEFINE_enum("precision", "float32", PRECISIONS, "Of the network.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 4, "Images a step.", lower_bound=1)
_UPDATE_BATCHES = flags.DEFINE_list("update_batches", ["1", "2", "4", "8"], "Of mask updates.")
_WIDTH = flags.DEFINE_float("width_multiplier", 1.0, "Of the network's channels.", lower_bound=0.01)
_CROP_SIZE = flags.DEFINE_integer("crop_size", 321, "Pixels, 8 n + 1.", lower_bound=9)
_SIDES = flags.DEFINE_list("image_size", ["375", "500"], "Height and width in mask updates.")
_NUM_IMAGES = flags.DEFINE_integer("num_images", 8, "Of a mask update.", lower_bound=1)


def main(_: object) -> None:
    from generated_data import write_blocks
    from network_speed import Training
    from side_by_side import measure

    height, width = map(int, _SIDES.value)
    count = _NUM_IMAGES.value
    with tempfile.TemporaryDirectory() as folder:
        data = write_blocks(folder, count, 3, 2000, height, width)
        config = TrainConfig(
            train_data=f"{data}:box",
            batch_size=_BATCH_SIZE.value,
            precision=_PRECISION.value,
            width_multiplier=_WIDTH.value,
            crop_size=_CROP_SIZE.value,
        )
        work = {}
        for batch in map(int, _UPDATE_BATCHES.value):
            training = Training(dataclasses.replace(config, update_batch=batch))
            work[f"mask update, --update_batch={batch}"] = training.update_masks
        for compiled in (False, True):
            training = Training(dataclasses.replace(config, jit_compile=compiled))
            work[f"network update, --jit_compile={str(compiled).lower()}"] = training.run_epoch
        seconds = {name: times / count for name, times in measure(work, _REPEATS.value).items()}
    for name, times in seconds.items():
        print(f"{name:40s} {np.median(times):8.3f} s per image  (least {times.min():.3f})")
    if _JSON.value:
        figures = {name: times.tolist() for name, times in seconds.items()}
        write_json(_JSON.value, {"device": program.DEVICE.value, "seconds_per_image": figures})


if __name__ == "__main__":
    program.run(main)
