"""Time and memory of a mask update, and time of an epoch, against the size of the data."""

import os
from typing import NamedTuple

import own_process
import scipy.stats
from generated_data import write_blocks
from network_speed import LOOP, MASKS, Training
from side_by_side import measure

from boxsup_tf.training.config import TrainConfig

_HEIGHT, _WIDTH = 240, 320
_DOUBLINGS = 3
_TURNS = 5  # for every repeat: a mask update takes half a second, and a least time is wanted


class Size(NamedTuple):
    """Of a data set; boxes and candidates are per image."""

    images: int = 16
    boxes: int = 4
    candidates: int = 1000


_SMALLEST = {"images": 16, "boxes": 2, "candidates": 1000}


class Point(NamedTuple):
    """What was measured at one size.

    Attributes:
        update_seconds: of a mask update, the least of the repeats.
        update_mib: largest resident memory of the process until it was done.
        epoch_seconds: of a network update, likewise.
    """

    update_seconds: float
    update_mib: float
    epoch_seconds: float


class Line(NamedTuple):
    """A straight line through measurements.

    Attributes:
        slope: per unit of what was doubled.
        intercept: at 0.
        r_squared: 1 where all points lie on the line.
    """

    slope: float
    intercept: float
    r_squared: float


class Series(NamedTuple):
    """Measurements while one size was doubled."""

    sizes: list[int]
    points: list[Point]

    def line(self, what: str) -> Line:
        """The straight line through an attribute of the points."""
        values = [getattr(point, what) for point in self.points]
        fit = scipy.stats.linregress(self.sizes, values)
        return Line(float(fit.slope), float(fit.intercept), float(fit.rvalue**2))


def measure_scaling(folder: str, repeats: int) -> dict[str, Series]:
    """Doubles images, boxes per image and candidates per image, one at a time.

    The network is narrow, so that what is scored weighs more than the network. Every size is
    measured in a process of its own.
    """
    points: dict[Size, Point] = {}
    series = {}
    for name, smallest in _SMALLEST.items():
        sizes = [smallest * 2**i for i in range(_DOUBLINGS + 1)]
        for size in (Size(**{name: number}) for number in sizes):
            if size not in points:
                data = os.path.join(folder, "_".join(map(str, size)))
                write_blocks(data, size.images, size.boxes, size.candidates, _HEIGHT, _WIDTH)
                points[size] = own_process.run(_measure_point, data, _TURNS * repeats)
        series[name] = Series(sizes, [points[Size(**{name: number})] for number in sizes])
    return series


def _measure_point(data: str, repeats: int) -> Point:
    config = TrainConfig(
        train_data=f"{data}:box", width_multiplier=0.125, crop_size=161, batch_size=4
    )
    training = Training(config)
    update = measure({MASKS: training.update_masks}, repeats)[MASKS]
    peak = own_process.own_peak_bytes() / own_process.MIB
    epoch = measure({LOOP: training.run_epoch}, repeats)[LOOP]
    return Point(float(update.min()), peak, float(epoch.min()))
