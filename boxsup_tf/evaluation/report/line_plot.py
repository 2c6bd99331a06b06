"""Curves with their legend, and their values as a table below."""

from collections.abc import Sequence

from boxsup_tf.evaluation.plots import Curve, draw_curves
from boxsup_tf.evaluation.report.markup import Node, legend, node, plot, table


def line_plot(
    title: str, x_label: str, y_label: str, curves: Sequence[Curve], ticks: Sequence[float] = ()
) -> Node | None:
    """A figure of curves.

    Args:
        title: of the figure.
        x_label, y_label: what the axes are, with units.
        curves: those without any value are left out.
        ticks: see `draw_curves`.

    Returns:
        The figure; None where no curve has a value.
    """
    curves = [curve for curve in curves if any(value is not None for value in curve.y)]
    if not curves:
        return None
    label = f"{title}: {y_label} by {x_label}, {len(curves)} curves; values below"
    points = [dict(zip(curve.x, curve.y, strict=True)) for curve in curves]
    rows = [
        [f"{x:g}", *("-" if (y := of.get(x)) is None else f"{y:.4g}" for of in points)]
        for x in sorted(set().union(*points))
    ]
    values = table(title, [x_label, *(curve.name for curve in curves)], rows)
    return node(
        "figure",
        node("figcaption", title, node("small", y_label)),
        legend((curve.color, curve.name) for curve in curves),
        plot(draw_curves(curves, x_label, "", ticks), label),
        node("details", node("summary", "Values"), values),
        class_="plot lines",
    )
