"""Plots: what is drawn is where the axes say, and is text where it is a name."""

import pathlib
import re

import numpy as np
import pytest

from boxsup_tf.evaluation import report
from boxsup_tf.evaluation.plots import COLORS, Curve, draw_bars, draw_curves, to_svg, write_png

_CURVES = [Curve("one", [1, 2.5, 8], [0.0, None, 40.0], 0), Curve("two", [1, 8], [1.0, 2.0], 7)]


@pytest.mark.parametrize("ticks", [(), (1, 2.5, 8)])
def test_points_lie_where_the_axes_say(ticks):
    (axes,) = draw_curves(_CURVES, "x", "y", ticks).axes
    first, second = axes.lines
    np.testing.assert_array_equal(first.get_xydata(), [[1, 0], [8, 40]])  # passes over the gap
    np.testing.assert_array_equal(second.get_xydata(), [[1, 1], [8, 2]])
    assert (first.get_color(), second.get_color()) == (COLORS["c0"], COLORS["c1"])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    if ticks:
        assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2.5", "8"]
    else:
        assert all(tick == round(tick) for tick in axes.get_xticks())  # epochs


def test_bars_are_as_long_as_their_groups_score():
    columns = [(0, [0.25, None, 1.0]), (2, [0.5, 0.125, 0.0])]
    (axes,) = draw_bars(["a", "b", "a very long name of a class"], columns).axes
    for bars, (color, shares) in zip(axes.containers, columns, strict=True):
        lengths = [bar.get_width() for bar in bars]
        np.testing.assert_allclose(lengths, [100 * (share or 0) for share in shares])
        rows = [round(bar.get_y() + bar.get_height() / 2) for bar in bars]
        assert rows == [0, 1, 2]  # each in its group
        assert {bar.get_facecolor() for bar in bars} == {_rgba(f"c{color}")}
    assert [text.get_text() for text in axes.texts] == ["25.0", "-", "100.0", "50.0", "12.5", "0.0"]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["a", "b", "a very long nam…"]


def _rgba(name: str) -> tuple[float, ...]:
    return (*(int(COLORS[name][i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)


@pytest.mark.parametrize("name", ['<b>&amp;"', "$a_1$", "$open", "_hidden", "猫"])
def test_names_are_text_and_nothing_else(name):
    svg = to_svg(draw_bars([name], [(0, [0.5])]))
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f">{escaped}</text>" in svg and "<b>" not in svg


def test_equal_figures_are_equal_bytes(tmp_path):
    for name in "ab":
        figure = draw_curves(_CURVES, "x", "y")
        (tmp_path / f"{name}.svg").write_text(to_svg(figure))
        write_png(figure, str(tmp_path / f"{name}.png"))
    for kind in ("svg", "png"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    assert "<metadata>" not in (tmp_path / "a.svg").read_text()


def test_colours_are_those_of_the_report():
    css = (pathlib.Path(report.__file__).parent / "report.css").read_text()
    light = dict(re.findall(r"--(\w+): (#\w+);", css[: css.index("@media")]))
    assert {name: light[name] for name in COLORS} == COLORS | {"surface": "#fff"}
