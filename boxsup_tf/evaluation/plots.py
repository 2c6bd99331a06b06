"""Plots by matplotlib: curves and bars, as PNG files and as SVG."""

import dataclasses
import io
import warnings
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from boxsup_tf.io.atomic_write import atomic_write
from boxsup_tf.metrics.metric_names import percent

# Those of report.css in its light theme, by name.
COLORS = {
    **{"c0": "#2457c5", "c1": "#c2570c", "c2": "#0f7b52"},
    **{"c3": "#a21caf", "c4": "#0e7490", "c5": "#525b69"},
    **{"text": "#191c22", "muted": "#565f6c", "line": "#dcdfe5", "surface": "#ffffff"},
}
_MAX_NAME = 16  # characters

# To be in force where texts are made and where they are written. Names are text, even with a
# dollar sign; texts stay texts in SVG, and equal figures are equal bytes.
plot_style = matplotlib.rc_context(
    {
        **{"text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "boxsup_tf"},
        **{"font.size": 9, "axes.edgecolor": COLORS["line"], "grid.color": COLORS["line"]},
        **dict.fromkeys(("xtick.color", "ytick.color"), COLORS["line"]),
        **dict.fromkeys(("text.color", "axes.labelcolor"), COLORS["muted"]),
        **dict.fromkeys(("xtick.labelcolor", "ytick.labelcolor"), COLORS["muted"]),
    }
)


@dataclasses.dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Attributes:
        name: for people.
        x, y: its points; the line passes over those whose y is None.
        color: the number of its colour; they repeat after six.
        line: matplotlib's style.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    color: int
    line: str = "-"


def color_class(color: int) -> str:
    """The name of colour number `color` in `COLORS` and report.css."""
    return f"c{color % 6}"


@plot_style
def draw_curves(
    curves: Sequence[Curve], x_label: str, y_label: str, ticks: Sequence[float] = ()
) -> Figure:
    """Curves over one axis.

    Args:
        curves: at least one.
        x_label, y_label: what the axes are, with units.
        ticks: places that the x axis names, on a scale of powers of two; none: a linear scale of
            whole numbers.
    """
    figure, axes = _figure(2.7)
    for curve in curves:
        points = np.array([curve.x, curve.y], np.float64)  # None becomes NaN
        x, y = points[:, np.isfinite(points[1])]
        color = COLORS[color_class(curve.color)]
        axes.plot(
            x,
            y,
            color=color,
            linestyle=curve.line,
            marker="o",
            markersize=4,
            markerfacecolor=COLORS["surface"],
            label=curve.name,
        )
    if ticks:
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(axis="y")
    return figure


@plot_style
def draw_bars(
    names: Sequence[str], columns: Sequence[tuple[int, Sequence[float | None]]]
) -> Figure:
    """Horizontal bars of shares in groups, with their percentages at their ends.

    Args:
        names: of the groups.
        columns: colour number and shares, 0 .. 1, one per group; None where there is none.
    """
    thickness = 0.8 / len(columns)
    figure, axes = _figure(0.5 + len(names) * (0.13 + 0.14 * len(columns)))
    for place, (color, shares) in enumerate(columns):
        lengths = [100 * (share or 0.0) for share in shares]
        rows = np.arange(len(names)) + (place + 0.5) * thickness - 0.4
        bars = axes.barh(rows, lengths, 0.9 * thickness, color=COLORS[color_class(color)])
        labels = [percent(share, 1) for share in shares]
        axes.bar_label(bars, labels, padding=3, fontsize=8, color=COLORS["text"])
    shown = [name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…" for name in names]
    axes.set_yticks(range(len(names)), shown)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 114)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.grid(axis="x")
    return figure


@plot_style
def write_png(figure: Figure, path: str) -> None:
    """Writes a figure, whole or not at all."""
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=120)


@plot_style
def to_svg(figure: Figure) -> str:
    """A figure as SVG: the same bytes for the same figure."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that matplotlib's font lacks: they stay text
        figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    return buffer.getvalue()


def _figure(height: float) -> tuple[Figure, Axes]:
    """One of `height` inches."""
    figure = Figure(figsize=(4.6, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes
