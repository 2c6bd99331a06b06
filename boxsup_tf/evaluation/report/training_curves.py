"""Curves of a training run, from its folder's metrics.json."""

import os

from boxsup_tf.evaluation.plots import Curve
from boxsup_tf.evaluation.report.line_plot import line_plot
from boxsup_tf.evaluation.report.markup import Node, node, section
from boxsup_tf.io.json_file import number, parse_json
from boxsup_tf.metrics.metric_names import METRICS_FILE

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


def training_section(model_dir: str) -> Node | None:
    """Loss, mean IoU and what the mask updates changed, by epoch.

    Returns:
        None where the run has no metrics.json, or no epoch in it.

    Raises:
        InputError: the file is damaged.
    """
    path = os.path.join(model_dir, METRICS_FILE)
    plots = parse_json(path, "a file that train.py wrote", _plots) if os.path.exists(path) else []
    if not plots:
        return None
    return section("training", "Training", node("div", *plots, class_="plots"))


def _plots(content: dict) -> list[Node]:
    epochs = content["epochs"]
    numbers = [epoch["epoch"] for epoch in epochs]
    plots = []
    for title, unit, factor, keys in _PLOTS:
        curves = []
        for color, (key, name) in enumerate(keys.items()):
            shares = [number(epoch.get(key)) for epoch in epochs]
            values = [None if value is None else factor * value for value in shares]
            curves.append(Curve(name, numbers, values, color))
        plots.append(line_plot(title, "epoch", unit, curves))
    return [plot for plot in plots if plot is not None]
