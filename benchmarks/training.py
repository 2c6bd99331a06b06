"""Speed and memory of the training, each beside what it is measured against.

    python benchmarks/training.py --json=training.json
    python benchmarks/training.py --parts=c --precision=bfloat16

Parts: a, scoring and selection beside the forward pass; b, the whole loop beside its bare step;
c, the bare step beside PyTorch's (pip install torch, or the extra `benchmarks`); d, a mask update
beside an epoch; e, resident memory over epochs; f, time and memory against the size of the data.
All data are generated. What is compared takes turns, and figures are medians over repeats; on a
busy machine they mean little. With the defaults it takes about a quarter of an hour on two cores.
The training's own batch has 20 images; a step's time is close to proportional to their number.
"""

import dataclasses
import os
import tempfile
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import program
from absl import flags

from boxsup_tf import errors
from boxsup_tf.io.json_file import write_json
from boxsup_tf.supervision.scoring import BELIEFS
from boxsup_tf.training.config import PRECISIONS, TrainConfig

_PARTS = flags.DEFINE_list("parts", ["a", "b", "c", "d", "e", "f"], "What is measured.")
_JSON = flags.DEFINE_string("json", None, "Write the figures to this file.")
_REPEATS = flags.DEFINE_integer("repeats", 3, "Turns of every comparison.", lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 4, "Images a step.", lower_bound=1)
_PRECISION = flags.DEFINE_enum("precision", "float32", PRECISIONS, "Of the ratios.")
_WIDTH = flags.DEFINE_float("width_multiplier", 1.0, "Of the network's channels.", lower_bound=0.01)
_CROP_SIZE = flags.DEFINE_integer("crop_size", 321, "Pixels, 8 n + 1.", lower_bound=9)
_NUM_IMAGES = flags.DEFINE_integer("num_images", 24, "Of an epoch in b and d.", lower_bound=1)
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 430, "Mean side in b and d.", lower_bound=32)
_NUM_CANDIDATES = flags.DEFINE_integer("num_candidates", 2000, "An image.", lower_bound=1)
_EPOCHS = flags.DEFINE_integer("epochs", 11, "Of the training in e.", lower_bound=4)


@dataclasses.dataclass(frozen=True)
class _Ratio:
    """A ratio, its key in the JSON file, and what it should be; None: not measured."""

    key: str
    what: str
    value: float | None
    target: float
    at_most: bool

    def __str__(self) -> str:
        shown = "    none" if self.value is None else f"{self.value:8.4f}"
        side = "at most" if self.at_most else "at least"
        return f"{self.key:24s} {shown}   {side} {self.target:<5g}  {self.what}"


@dataclasses.dataclass
class _Report:
    """What the parts have found."""

    ratios: list[_Ratio] = dataclasses.field(default_factory=list)
    details: dict[str, Any] = dataclasses.field(default_factory=dict)

    def add(self, key: str, what: str, value: float | None, target: float, at_most: bool) -> None:
        self.ratios.append(_Ratio(key, what, value, target, at_most))

    def add_times(self, title: str, times: dict[str, np.ndarray]) -> None:
        """Keeps and prints medians of seconds."""
        print(title)
        for name, values in times.items():
            print(f"  {name:20s} {np.median(values):10.4f} s  (least {values.min():.4f})")
        self.details[title] = {name: values.tolist() for name, values in times.items()}


def _measure_choice(report: _Report, config: TrainConfig, _: str) -> None:
    from side_by_side import ratio
    from update_cost import FORWARD, HEIGHT, WIDTH, measure_choice

    times = measure_choice(config, list(BELIEFS), _NUM_CANDIDATES.value, _REPEATS.value)
    report.add_times(f"an image of {HEIGHT} x {WIDTH}, {_NUM_CANDIDATES.value} candidates", times)
    report.add(
        "scoring_over_forward",
        f"scoring and selection ({config.belief}) / forward pass",
        ratio(times[config.belief], times[FORWARD]),
        0.01,
        at_most=True,
    )


def _measure_loop(report: _Report, config: TrainConfig, folder: str) -> None:
    from generated_data import write_shapes
    from network_speed import BARE, LOOP, MASKS, measure_loop
    from side_by_side import ratio

    data = write_shapes(folder, _NUM_IMAGES.value, _IMAGE_SIZE.value, _NUM_CANDIDATES.value)
    config = dataclasses.replace(config, train_data=f"{data}:box")
    times = measure_loop(config, _REPEATS.value)
    report.add_times(f"{_NUM_IMAGES.value} images, batches of {config.batch_size}", times)
    # Images per second are the inverse of seconds.
    report.add(
        "loop_over_bare_step",
        "images/s of the whole loop / of the bare step",
        ratio(times[BARE], times[LOOP]),
        0.95,
        at_most=False,
    )
    report.add(
        "update_over_epoch",
        "mask update / network update, same images",
        ratio(times[MASKS], times[LOOP]),
        0.5,
        at_most=True,
    )


def _measure_twins(report: _Report, config: TrainConfig, _: str) -> None:
    import torch_twin
    from network_speed import COMPILED, EAGER, TENSORFLOW, measure_twins
    from side_by_side import ratio

    value, what = None, "torch is not installed"
    with_torch = torch_twin.is_installed()
    for precision in PRECISIONS:
        own = dataclasses.replace(config, precision=precision)
        times = measure_twins(own, with_torch, _REPEATS.value)
        report.add_times(f"a step of {config.batch_size} images in {precision}", times)
        twins = [name for name in (EAGER, COMPILED) if name in times]
        if twins and precision == config.precision:
            fastest = min(twins, key=lambda name: np.median(times[name]))
            value = ratio(times[fastest], times[TENSORFLOW])
            what = f"images/s of the bare step / of {fastest}'s, {precision}"
    report.add("bare_step_over_torch", what, value, 1.2, at_most=False)


def _measure_memory(report: _Report, _: TrainConfig, folder: str) -> None:
    from memory import measure_growth

    resident = measure_growth(folder, num_images=24, epochs=_EPOCHS.value)
    print("resident MiB by epoch: " + " ".join(f"{value:.0f}" for value in resident))
    report.details["resident_mib"] = resident
    # Epochs count from 0. In epoch 2 the network is asked for the first time.
    what = f"resident memory, epoch {_EPOCHS.value - 1} / epoch 2, less 1"
    report.add("rss_growth", what, resident[-1] / resident[2] - 1, 0.05, at_most=True)


def _measure_scaling(report: _Report, _: TrainConfig, folder: str) -> None:
    from scaling import Point, measure_scaling

    found = measure_scaling(folder, _REPEATS.value)
    for name, series in found.items():
        print(f"{name:>12s} " + " ".join(f"{what:>16s}" for what in Point._fields))
        for size, point in zip(series.sizes, series.points, strict=True):
            print(f"{size:12d} " + " ".join(f"{value:16.3f}" for value in point))
        lines = {what: series.line(what) for what in Point._fields}
        print("       slope " + " ".join(f"{line.slope:16.6f}" for line in lines.values()))
        print("   R squared " + " ".join(f"{line.r_squared:16.4f}" for line in lines.values()))
        report.details.setdefault("scaling", {})[name] = {
            "sizes": series.sizes,
            "points": [point._asdict() for point in series.points],
            "lines": {what: line._asdict() for what, line in lines.items()},
        }


# In this order; b and d are measured together.
_MEASURES: dict[str, Callable[[_Report, TrainConfig, str], None]] = {
    "a": _measure_choice,
    "bd": _measure_loop,
    "c": _measure_twins,
    "e": _measure_memory,
    "f": _measure_scaling,
}


def main(_: object) -> None:
    known = "".join(_MEASURES)
    for part in _PARTS.value:
        if len(part) != 1 or part not in known:
            raise errors.InputError(f"--parts={part}: expected some of {', '.join(sorted(known))}")
    config = TrainConfig(
        train_data="",
        batch_size=_BATCH_SIZE.value,
        precision=_PRECISION.value,
        width_multiplier=_WIDTH.value,
        crop_size=_CROP_SIZE.value,
    )
    report = _Report()
    for parts, run in _MEASURES.items():
        if set(parts) & set(_PARTS.value):
            with tempfile.TemporaryDirectory() as folder:
                run(report, config, folder)
            if _JSON.value:  # after each, for all together take long
                ratios = {ratio.key: ratio.value for ratio in report.ratios}
                write_json(_JSON.value, ratios | report.details)
    print()
    for ratio in report.ratios:
        print(ratio)


if __name__ == "__main__":
    program.run(main)
