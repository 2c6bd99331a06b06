"""What a file of a labelling tool says, before its images are read."""

import dataclasses
from collections.abc import Sequence

from boxsup_tf.data.mending import Box, Notes


@dataclasses.dataclass(frozen=True)
class NamedBox:
    """A box with the name of its class.

    Attributes:
        name: of the class.
        box: (ymin, xmin, ymax, xmax), half-open, pixels counted from 0; NaN where it is no number.
        where: for messages.
        is_relative: the box is in shares of the image's height and width, not pixels.
        difficult, truncated, is_crowd: as in `example.Example`.
    """

    name: str
    box: Box
    where: str
    is_relative: bool = False
    difficult: bool = False
    truncated: bool = False
    is_crowd: bool = False


@dataclasses.dataclass
class ImageBoxes:
    """The boxes of an image.

    Attributes:
        name: the image's file name as the tool has it, with or without folders and ending.
        folder: where the image is looked for.
        boxes: of the image; none: it was looked at, and nothing found.
        size: height and width that the tool says; None: it does not say.
        notes: what was mended or left out.
    """

    name: str
    folder: str
    boxes: list[NamedBox] = dataclasses.field(default_factory=list)
    size: tuple[float, float] | None = None
    notes: Notes = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class BoxSet:
    """The images of a data set, or of a part of it.

    Attributes:
        images: in any order.
        class_names: of all classes, without the background, in the tool's own order; None: those
            that occur, sorted.
        is_split: the images are those of the part; else a split is to be made.
    """

    images: Sequence[ImageBoxes]
    class_names: Sequence[str] | None = None
    is_split: bool = False


def tight_box(points: Sequence[Sequence[float]]) -> Box:
    """The box around points (x, y)."""
    xs, ys = ([float(point[axis]) for point in points] for axis in (0, 1))
    return min(ys), min(xs), max(ys), max(xs)
