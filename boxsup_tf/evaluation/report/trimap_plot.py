"""Mean IoU near the true boundaries and away from them (the paper's Fig. 4)."""

from collections.abc import Sequence

from boxsup_tf.evaluation.report.line_plot import Curve, line_plot
from boxsup_tf.evaluation.report.markup import Node, node, section
from boxsup_tf.evaluation.result import Evaluation


def trimap_section(results: Sequence[Evaluation]) -> Node | None:
    """A plot of the inside of the bands and one of the outside; None where none is known."""
    trimaps = [
        (color, result.name, result.trimap)
        for color, result in enumerate(results)
        if result.trimap.widths
    ]
    widths = sorted({width for _, _, trimap in trimaps for width in trimap.widths})
    titles = {
        "inside": "Inside the band around true boundaries",
        "outside": "Outside the band",
    }
    plots = []
    for place, title in titles.items():
        curves = []
        for color, name, trimap in trimaps:
            known = dict(zip(trimap.widths, getattr(trimap, place), strict=True))
            values = [known.get(width) for width in widths]
            percents = [None if value is None else 100 * value for value in values]
            curves.append(Curve(name, percents, color))
        axis = [f"{width:g}" for width in widths]
        plots.append(line_plot(title, "width of the band, pixels", axis, "mean IoU, %", curves))
    shown = [plot for plot in plots if plot is not None]
    if not shown:
        return None
    return section("boundaries", "Boundaries", node("div", *shown, class_="plots"))
