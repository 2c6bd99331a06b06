"""Mean IoU near the true boundaries and away from them (the paper's Fig. 4)."""

from collections.abc import Sequence

from boxsup_tf.evaluation.report.line_plot import line_plot
from boxsup_tf.evaluation.report.markup import Node, node, section
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.evaluation.trimap_picture import WIDTH_LABEL, trimap_curve


def trimap_section(results: Sequence[Evaluation]) -> Node | None:
    """A plot of the inside of the bands and one of the outside; None where none is known."""
    ticks = sorted({width for result in results for width in result.trimap.widths})
    plots = []
    for place, title in (
        ("inside", "Inside the band around true boundaries"),
        ("outside", "Outside the band"),
    ):
        curves = [
            trimap_curve(result.name, result.trimap, place, color)
            for color, result in enumerate(results)
        ]
        plots.append(line_plot(title, WIDTH_LABEL, "mean IoU, %", curves, ticks))
    shown = [plot for plot in plots if plot is not None]
    if not shown:
        return None
    return section("boundaries", "Boundaries", node("div", *shown, class_="plots"))
