"""sheet: pictures in their places, and a legend of the classes that occur."""

import numpy as np
import pytest

from boxsup_tf import sheet
from boxsup_tf.labels import VOID, color_map

NAMES = ("background", "cat", "dog", "a class with a name that is long")


def _colors(picture: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(color) for color in np.unique(picture.reshape(-1, 3), axis=0).tolist()}


def test_pictures_stand_in_their_rows_and_columns():
    red, green = (np.full([60, 30, 3], color, np.uint8) for color in ((255, 0, 0), (0, 255, 0)))
    rows = [sheet.Row("first", [red, green], ["", "caption"]), sheet.Row("", [green])]
    picture = sheet.sheet(["one", "two"], rows, side=120)
    assert picture.shape[1] == 2 * 120 + 3 * 8
    where = {
        color: np.argwhere((picture == color).all(axis=2)) for color in ((255, 0, 0), (0, 255, 0))
    }
    assert len(where[255, 0, 0]) == 120 * 60 and len(where[0, 255, 0]) == 2 * 120 * 60
    (top, left), (bottom, right) = where[255, 0, 0].min(axis=0), where[255, 0, 0].max(axis=0)
    assert (left, right, bottom - top) == (8, 67, 119)
    greens = where[0, 255, 0]
    in_first = greens[greens[:, 0] <= bottom]
    assert in_first[:, 0].min() == top and in_first[:, 1].min() == 8 + 120 + 8
    assert greens[greens[:, 0] > bottom][:, 1].min() == 8


@pytest.mark.parametrize("size", [18, 40])
def test_the_legend_has_the_classes_that_occur(size):
    picture = sheet.legend(np.array([0, 1, 3, VOID]), NAMES, 280, size)
    assert picture.shape[1] == 280
    colors = color_map()
    found = _colors(picture)
    assert all(tuple(colors[label].tolist()) in found for label in (1, 3, VOID))
    assert tuple(colors[2].tolist()) not in found
    assert sheet.legend([1], NAMES, 280, size).shape[0] < picture.shape[0]  # names wrap
    assert sheet.legend([0], NAMES, 280, size).shape == (0, 280, 3)


def test_a_text_that_is_too_long_for_its_column_is_cut():
    white = np.full([10, 10, 3], 255, np.uint8)
    picture = sheet.sheet(["a heading " * 20, ""], [sheet.Row("", [white, white])], side=100)
    assert (picture[:, 8 + 100 :] == 255).all() and (picture[:, :108] < 128).any()
