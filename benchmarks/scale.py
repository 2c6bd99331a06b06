"""What more processes, and more records, do to speed and memory.

    python benchmarks/scale.py --json=scale.json
    python benchmarks/scale.py --parts=records --folder=/tmp/scale

Parts: workers, images per second of training, mask update and validation by two processes over
twice those of one; proposals, the same by Beam's workers (needs apache-beam); records, start-up of
a training on as many records as COCO has, and memory by their number. Every process has a core of
its own. What is compared takes turns, figures are medians; all data are generated.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tempfile

import numpy as np
import own_process
import program
import startup_data
from absl import flags
from generated_data import write_shapes
from scale_workers import PHASES, measure_workers

from boxsup_tf.errors import InputError
from boxsup_tf.io.json_file import write_json

_PARTS = ("workers", "proposals", "records")
_KEYS = dict(
    zip(PHASES, ("train_efficiency", "update_efficiency", "validation_efficiency"), strict=True)
)
_COCO, _SIZES = 123_287, (1_000, 10_000, 100_000)

_CHOSEN = flags.DEFINE_list("parts", list(_PARTS), "What is measured.")
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")
_FOLDER = flags.DEFINE_string("folder", None, "Keeps the generated records for the next time.")
_REPEATS = flags.DEFINE_integer("repeats", 3, "Turns of every comparison.", lower_bound=1)
_WIDTH = flags.DEFINE_float("width_multiplier", 1.0, "Of the network's channels.", lower_bound=0.01)
_CROP_SIZE = flags.DEFINE_integer("crop_size", 321, "Pixels, 8 n + 1.", lower_bound=9)
_PER_WORKER = flags.DEFINE_integer("per_worker", 4, "Images a step.", lower_bound=1)
_NUM_IMAGES = flags.DEFINE_integer("num_images", 16, "Of an epoch.", lower_bound=2)


def _workers(folder: str) -> dict[str, float]:
    data = write_shapes(os.path.join(folder, "shapes"), _NUM_IMAGES.value, 321, 500)
    settings = {"crop_size": _CROP_SIZE.value, "width_multiplier": _WIDTH.value}
    found = measure_workers(data, _NUM_IMAGES.value, _PER_WORKER.value, settings, _REPEATS.value)
    for phase, values in found.items():
        print(f"{phase:12s} " + " ".join(f"{value:.3f}" for value in values), flush=True)
    return {_KEYS[phase]: float(np.median(values)) for phase, values in found.items()}


def _proposals(folder: str) -> dict[str, float]:
    from beam_scale import measure_proposals

    rates = measure_proposals(os.path.join(folder, "proposals"), _REPEATS.value)
    pairs = zip(rates["1"], rates["2"], strict=True)
    return {"proposals_efficiency": float(np.median([two / (2 * one) for one, two in pairs]))}


def _records(folder: str) -> dict[str, float]:
    resident, seconds = {}, []
    for count in (*_SIZES, _COCO):
        data = os.path.join(folder, str(count))
        startup_data.write_data(data, count)
        found = [own_process.run(startup_data.start_training, data) for _ in range(_REPEATS.value)]
        resident[count] = float(np.median([each["rss_mb"] for each in found]))
        seconds = [each["start_seconds"] for each in found]
        print(f"{count:8d} records {resident[count]:8.0f} MB  {np.median(seconds):6.2f} s")
    return {
        "start_seconds": float(np.median(seconds)),
        "rss_growth": resident[_SIZES[-1]] / resident[_SIZES[0]] - 1,
    }


def main(_: object) -> None:
    for part in _CHOSEN.value:
        if part not in _PARTS:
            raise InputError(f"--parts={part}: expected some of {', '.join(_PARTS)}")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = _FOLDER.value or scratch
        for part, run in zip(_PARTS, (_workers, _proposals, _records), strict=True):
            if part in _CHOSEN.value:
                figures |= run(folder)
                if _JSON.value:
                    write_json(_JSON.value, figures)
    for name, value in figures.items():
        print(f"{name:24s} {value:8.4f}")


if __name__ == "__main__":
    program.run(main)
