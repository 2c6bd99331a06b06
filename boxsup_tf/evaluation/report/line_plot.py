"""Curves as SVG, with their figures as a table below."""

import dataclasses
import math
from collections.abc import Sequence

from boxsup_tf.evaluation.report.markup import Node, color_class, node, swatch, table

_WIDTH, _HEIGHT = 440, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 10, 42  # margins
_MAX_X_LABELS = 12
_LEAST_SPAN = 1e-4  # of the largest value; ticks have six digits


@dataclasses.dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Attributes:
        name: for people.
        values: one for every place on the x axis; the line passes over those that are None.
        color: its number (`markup.color_class`).
    """

    name: str
    values: Sequence[float | None]
    color: int


def line_plot(
    title: str, x_label: str, x_values: Sequence[str], y_label: str, curves: Sequence[Curve]
) -> Node | None:
    """A figure of curves over places at equal distances.

    Args:
        title: of the figure.
        x_label, y_label: what the axes are, with units.
        x_values: names of the places.
        curves: those without any value are left out.

    Returns:
        The figure; None where no curve has a value.
    """
    curves = [curve for curve in curves if any(value is not None for value in curve.values)]
    if not curves:
        return None
    known = [value for curve in curves for value in curve.values if value is not None]
    axes = _Axes(len(x_values), nice_ticks(min(known), max(known)))
    svg = node(
        "svg",
        *axes.draw(x_label, x_values),
        *(_draw(curve, axes, x_values) for curve in curves),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"{title}: {y_label} by {x_label}, {len(curves)} curves; figures below",
    )
    caption = node("figcaption", title, node("small", y_label))
    legend = node("ul", *(node("li", swatch(c.color), c.name) for c in curves), class_="legend")
    numbers = _as_table(title, x_label, x_values, curves)
    figures = node("details", node("summary", "Figures"), numbers)
    return node("figure", caption, legend, svg, figures, class_="plot lines")


def nice_ticks(low: float, high: float) -> list[float]:
    """Round numbers at equal distances, from at most `low` to at least `high`: two to six."""
    span, largest = high - low, max(abs(low), abs(high))
    if span <= _LEAST_SPAN * largest:
        span = largest or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if 4.01 * factor * power >= span)
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


@dataclasses.dataclass(frozen=True)
class _Axes:
    num_places: int
    ticks: list[float]

    def x(self, place: int) -> float:
        share = place / (self.num_places - 1) if self.num_places > 1 else 0.5
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)

    def draw(self, x_label: str, x_values: Sequence[str]) -> list[Node]:
        parts = []
        for tick in self.ticks:
            y = self.y(tick)
            parts.append(node("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y))
            parts.append(node("text", f"{tick:g}", x=_LEFT - 8, y=y + 4, text_anchor="end"))
        below = _HEIGHT - _BOTTOM + 16
        for place in range(0, len(x_values), math.ceil(len(x_values) / _MAX_X_LABELS)):
            name = node("text", x_values[place], x=self.x(place), y=below, text_anchor="middle")
            parts.append(name)
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        return [*parts, node("text", x_label, x=middle, y=_HEIGHT - 6, text_anchor="middle")]


def _draw(curve: Curve, axes: _Axes, x_values: Sequence[str]) -> Node:
    points = []
    dots = []
    for place, value in enumerate(curve.values):
        if value is not None:
            x, y = axes.x(place), axes.y(value)
            title = node("title", f"{curve.name}, {x_values[place]}: {value:.4g}")
            points.append(f"{x},{y}")
            dots.append(node("circle", title, cx=x, cy=y, r=3))
    line = node("path", d="M" + "L".join(points))
    return node("g", line, *dots, class_=f"curve {color_class(curve.color)}")


def _as_table(title: str, x_label: str, x_values: Sequence[str], curves: Sequence[Curve]) -> Node:
    rows = [
        [x, *("-" if value is None else f"{value:.4g}" for value in values)]
        for x, *values in zip(x_values, *(curve.values for curve in curves), strict=True)
    ]
    return table(title, [x_label, *(curve.name for curve in curves)], rows)
