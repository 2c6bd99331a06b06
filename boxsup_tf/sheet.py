"""Sheets of pictures that explain themselves: headings, captions, and a legend of classes.

Images are uint8 [H, W, 3], RGB.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from boxsup_tf.labels import BACKGROUND, VOID, color_map

_COLORS = color_map()
_INK, _MUTED, _PAPER = (25, 28, 34), (86, 95, 108), (255, 255, 255)
_TEXT = 18  # pixels, of a sheet's letters
_LARGEST_TEXT = 80  # below a picture of any size
_GAP = 8


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a sheet.

    Attributes:
        title: stands above it; may be empty.
        pictures: from left to right.
        captions: stand below them; may be fewer, and empty.
    """

    title: str
    pictures: Sequence[np.ndarray]
    captions: Sequence[str] = ()


def sheet(
    headings: Sequence[str],
    rows: Sequence[Row],
    class_names: Sequence[str] = (),
    labels: Iterable[int] = (),
    side: int = 320,
) -> np.ndarray:
    """Lays pictures out in rows and columns.

    Args:
        headings: of the columns.
        rows: at least one.
        class_names: index is label.
        labels: that occur in the pictures, for the legend; those of background are left out.
        side: pixels that the longer side of every picture is brought to.

    Returns:
        uint8 [H, W, 3].
    """
    columns = len(headings)
    width = columns * side + (columns + 1) * _GAP
    parts = [legend(labels, class_names, width), _line(headings, side, width, _INK)]
    for row in rows:
        if row.title:
            parts.append(_line([row.title], width - 2 * _GAP, width, _INK))
        pictures = [fitted(picture, side) for picture in row.pictures]
        canvas = _paper(max(len(picture) for picture in pictures), width)
        for i, picture in enumerate(pictures):
            left = _GAP + i * (side + _GAP)
            canvas[: picture.shape[0], left : left + picture.shape[1]] = picture
        parts.append(canvas)
        if any(row.captions):
            parts.append(_line(row.captions, side, width, _MUTED))
        parts.append(_paper(_GAP, width))
    return np.concatenate(parts)


def fitted(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture with its longer side brought to so many pixels."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    return cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    )


def with_legend(
    picture: np.ndarray, labels: Iterable[int], class_names: Sequence[str]
) -> np.ndarray:
    """The picture with a legend of these labels below it, in letters of a size that fits."""
    size = min(max(_TEXT, picture.shape[1] // 40), _LARGEST_TEXT)
    return np.concatenate([picture, legend(labels, class_names, picture.shape[1], size)])


def legend(
    labels: Iterable[int], class_names: Sequence[str], width: int, size: int = _TEXT
) -> np.ndarray:
    """Colours with the names of their classes.

    Args:
        labels: in any order; background is left out, void is called so.
        class_names: index is label.
        width: pixels; names wrap.
        size: of the letters, pixels.

    Returns:
        uint8 [H, width, 3]; H is 0 where there is no label to explain.
    """
    font = ImageFont.load_default(size)
    shown = sorted({int(label) for label in labels} - {BACKGROUND})
    names = ["void" if label == VOID else class_names[label] for label in shown]
    line_height, gap = round(1.7 * size), size // 2
    places, left, top = [], gap, 0
    for name in names:
        needed = round(font.getlength(name)) + 2 * size + gap
        if left > gap and left + needed > width:
            left, top = gap, top + line_height
        places.append((left, top))
        left += needed
    canvas = Image.fromarray(_paper(top + line_height if names else 0, width))
    draw = ImageDraw.Draw(canvas)
    for label, name, (x, y) in zip(shown, names, places, strict=True):
        middle = y + line_height // 2
        swatch = (x, middle - size // 2, x + size, middle + size // 2)
        draw.rectangle(swatch, tuple(_COLORS[label].tolist()), _MUTED)
        draw.text((x + size + gap, middle), name, _INK, font, anchor="lm")
    return np.asarray(canvas)


def _line(texts: Sequence[str], column: int, width: int, color: tuple[int, int, int]) -> np.ndarray:
    """A line of texts, one per column; what is too long for its column is cut."""
    font = ImageFont.load_default(_TEXT)
    height = round(1.7 * _TEXT)
    canvas = Image.fromarray(_paper(height, width))
    draw = ImageDraw.Draw(canvas)
    for i, text in enumerate(texts):
        whole = text
        while text and font.getlength(text if text == whole else f"{text}...") > column:
            text = text[:-1]
        shown = text if text == whole else f"{text}..."
        draw.text((_GAP + i * (column + _GAP), height // 2), shown, color, font, anchor="lm")
    return np.asarray(canvas)


def _paper(height: int, width: int) -> np.ndarray:
    return np.full([height, width, 3], _PAPER, np.uint8)
