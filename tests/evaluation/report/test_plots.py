"""evaluation.report.line_plot and class_bars: what is drawn is where the axes say."""

import itertools
import re

import numpy as np
import pytest

from boxsup_tf.evaluation.report.class_bars import class_bars
from boxsup_tf.evaluation.report.line_plot import Curve, line_plot, nice_ticks
from boxsup_tf.evaluation.result import Evaluation


@pytest.mark.parametrize("seed", range(20))
def test_ticks_are_few_round_and_hold_the_values(seed):
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.normal(size=2) * 10.0 ** rng.integers(-6, 7))
    ticks = nice_ticks(low, high)
    steps = np.diff(ticks)
    assert 2 <= len(ticks) <= 6
    assert ticks[0] <= low + 1e-9 * steps[0] and high - 1e-9 * steps[0] <= ticks[-1]
    assert ticks[1] > low - 1e-9 * steps[0] and ticks[-2] < high + 1e-9 * steps[0]  # none too many
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    mantissa = steps[0] / 10.0 ** np.floor(np.log10(steps[0]) + 1e-9)
    assert min(abs(mantissa - nice) for nice in (1, 2, 2.5, 5)) < 1e-6


@pytest.mark.parametrize("value", [0.0, 1.0, -3.0, 1e-9])
def test_ticks_of_a_single_value(value):
    ticks = nice_ticks(value, value)
    assert len(ticks) >= 2 and ticks[0] <= value <= ticks[-1]


@pytest.mark.parametrize(("low", "high"), [(70.0, 70.00000000000001), (1e-14, 3e-14)])
def test_ticks_of_values_that_are_small_or_nearly_equal(low, high):
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) == len(set(ticks)) <= 6
    assert ticks[0] <= low and high <= ticks[-1]
    assert line_plot("t", "x", ["a", "b"], "%", [Curve("one", [low, high], 0)]) is not None


def test_points_lie_where_the_ticks_say():
    values = [0.0, None, 40.0, 70.0]
    figure = line_plot("t", "x", list("abcd"), "%", [Curve("one", values, 1)])
    places = {}
    for line, text in itertools.pairwise(figure.find("svg")):
        if line.tag == "line":
            places[float(text.text)] = float(line.attrib["y1"])
    height = np.polyfit(list(places), list(places.values()), 1)
    dots = figure.findall(".//circle")
    assert [dot.find("title").text for dot in dots] == ["one, a: 0", "one, c: 40", "one, d: 70"]
    found = [float(dot.attrib["cy"]) for dot in dots]
    np.testing.assert_allclose(found, np.polyval(height, [0.0, 40.0, 70.0]), atol=0.1)
    x = [float(dot.attrib["cx"]) for dot in dots]
    assert (x[2] - x[1]) * 2 == pytest.approx(x[1] - x[0], abs=0.2)  # the gap keeps its place
    path = figure.find(".//path").attrib["d"]
    assert len(re.findall("[ML]", path)) == 3


def test_a_plot_without_any_value_is_none():
    assert line_plot("t", "x", ["a"], "%", [Curve("one", [None], 0)]) is None


def test_bars_are_as_long_as_their_classes_score():
    per_class = {f"class{i}": i / 20 for i in range(20)} | {"never": None}
    charts = class_bars(
        [(0, Evaluation("r", "", metrics={"per_class_iou": per_class}))], list(per_class)
    )
    bars = [bar for chart in charts for bar in chart.findall(".//rect")]
    lengths = np.array([float(bar.attrib["width"]) for bar in bars])
    assert len(charts) == 2 and len(bars) == 21
    unit = lengths[10] / 0.5
    np.testing.assert_allclose(lengths[:20], unit * np.arange(20) / 20, atol=0.1)
    assert lengths[20] == 0
