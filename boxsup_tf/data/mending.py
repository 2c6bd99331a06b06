"""What is mended in annotations without guessing: its kinds, and how boxes are.

Whoever reads an annotation adds a text `KIND: DETAIL` to the notes of its example
(`example.Example.repairs`) for each mending; prepare_data counts them by kind.
"""

import math

import numpy as np

BOX_CLIPPED = "box reaches out of its image, clipped"
BOX_LEFT_OUT = "box is empty, inverted, outside of its image or no numbers, left out"
NO_PIXEL = "box holds no pixel's centre, left out"
ROTATED = "rotated box, taken is the upright one around it"
OBJECT_LEFT_OUT = "object without a name or box, left out"
FLAG_UNKNOWN = "difficult or truncated is neither 0 nor 1, taken as 0"
NO_SIZE = "annotation without the image's size, taken from the image"
NO_OUTLINE = "outline encloses nothing or is malformed, the image gets no mask"
SPECK = "object of at most a pixel without an outline, left out"
NO_CLASS_PIXEL = "mask without a pixel of a class (255 is void), but there are objects"
EXIF = "turned by EXIF, boxes and masks taken as drawn on the upright image (--exif=stored)"
REFORMATTED = "stored as 8-bit PNG"

Notes = list[str]
Box = tuple[float, float, float, float]  # (ymin, xmin, ymax, xmax), half-open, pixels


def note(kind: str, detail: str) -> str:
    """A mending as it is noted: text that can be written, whatever a name in it is made of."""
    return f"{kind}: {detail}".encode(errors="replace").decode()


def upright_box(cy: float, cx: float, height: float, width: float, angle: float) -> Box:
    """The box around one that is rotated about its middle (cy, cx) by an angle in radians."""
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    half_height, half_width = (width * sin + height * cos) / 2, (width * cos + height * sin) / 2
    return cy - half_height, cx - half_width, cy + half_height, cx + half_width


def usable_box(box: Box, height: int, width: int, where: str, notes: Notes) -> Box | None:
    """A box clipped to its image; None where no pixel is left in it.

    A pixel is in a box that its centre is in, as for all that follows: no method could find an
    object in a box without, and would fail for the whole image.

    Edges less than a pixel outside (rounding) are moved without a note.

    Args:
        box: as annotated; may be anything.
        height, width: of the image, pixels.
        where: the object, for the note.
        notes: what was mended is added.
    """
    ymin, xmin, ymax, xmax = box
    clipped = (max(ymin, 0.0), max(xmin, 0.0), min(ymax, float(height)), min(xmax, float(width)))
    shown = f"{where}: [ymin {ymin:g}, xmin {xmin:g}, ymax {ymax:g}, xmax {xmax:g}]"
    is_finite = all(map(math.isfinite, box))
    if not is_finite or clipped[0] >= clipped[2] or clipped[1] >= clipped[3]:
        notes.append(note(BOX_LEFT_OUT, f"{shown} in {height} x {width}"))
        return None
    edges = np.ceil(np.array(clipped, np.float32) - 0.5)  # as `boxes.windows_yxyx` has them
    if (edges[2:] <= edges[:2]).any():
        notes.append(note(NO_PIXEL, shown))
        return None
    if max(abs(new - old) for new, old in zip(clipped, box, strict=True)) >= 1:
        notes.append(note(BOX_CLIPPED, f"{shown} in {height} x {width}"))
    return clipped
