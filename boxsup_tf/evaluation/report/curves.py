"""Curves of the page: line plots with their values, at boundaries and of a training run."""

import os
from collections.abc import Sequence

from boxsup_tf.evaluation.plots import Curve, draw_curves
from boxsup_tf.evaluation.report.markup import Node, legend, node, plot, section, table
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.evaluation.trimap_picture import WIDTH_LABEL, trimap_curve
from boxsup_tf.io import files
from boxsup_tf.io.json_file import number
from boxsup_tf.metrics.metric_names import METRICS_FILE
from boxsup_tf.training.history import read_epochs

# The curves' names by their keys in metrics.json; title, unit and factor of each plot.
_LOSS = {"loss": "training"}
_MEAN_IOU = {
    "val_mean_iou": "validation",
    "train_mean_iou": "network with the masks it learns from",
    "pseudo_mask_mean_iou": "pseudo-masks with the truth",
}
_MASK_UPDATES = {
    "changed_share": "boxes that changed their candidate",
    "agreement": "mean IoU with the masks before",
    "foreground_share": "foreground's share of the masks",
}
_PLOTS = (
    ("Loss", "cross-entropy", 1, _LOSS),
    ("Mean IoU", "%", 100, _MEAN_IOU),
    ("Mask updates", "%", 100, _MASK_UPDATES),
)


_NOTE_ON_WIDTHS = (
    "Inside a narrow band only outlines count. The wider the band, the fewer objects reach out of "
    "it: outside of the widest ones few pixels are left but those of background and of large "
    "objects, so the last points of that curve rest on little and may fall."
)


def trimap_section(results: Sequence[Evaluation]) -> Node | None:
    """Mean IoU in the bands and outside them (the paper's Fig. 4); None where none is known."""
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
    return _section("boundaries", "Boundaries", plots, _NOTE_ON_WIDTHS if ticks else "")


def training_section(model_dir: str) -> Node | None:
    """Loss, mean IoU and what the mask updates changed, by epoch.

    Returns:
        None where the run has no metrics.json, or no epoch in it.

    Raises:
        InputError: the file is damaged.
    """
    path = os.path.join(model_dir, METRICS_FILE)
    plots = _training_plots(read_epochs(path)) if files.exists(path) else []
    return _section("training", "Training", plots)


def _training_plots(epochs: list[dict]) -> list[Node | None]:
    numbers = [epoch["epoch"] + 1 for epoch in epochs]  # as the console counts them
    plots = []
    for title, unit, factor, keys in _PLOTS:
        curves = []
        for color, (key, name) in enumerate(keys.items()):
            shares = [number(epoch.get(key)) for epoch in epochs]
            values = [None if value is None else factor * value for value in shares]
            curves.append(Curve(name, numbers, values, color))
        plots.append(line_plot(title, "epoch", unit, curves))
    return plots


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


def _section(name: str, title: str, plots: Sequence[Node | None], text: str = "") -> Node | None:
    """The plots that there are, below a text; None where there is none."""
    shown = [one for one in plots if one is not None]
    texts = [node("p", text)] if text else []
    return section(name, title, *texts, node("div", *shown, class_="plots")) if shown else None
