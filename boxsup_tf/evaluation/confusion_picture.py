"""A confusion matrix as a picture: of every true class, where its pixels went."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from boxsup_tf.evaluation.plots import plot_style

_MOST_WITH_NUMBERS = 30
_DARK = 0.5  # shares from which a number is written in white


@plot_style
def draw_confusion(counts: np.ndarray, class_names: Sequence[str]) -> Figure:
    """The picture; rows add up to 100 %, and are empty for a class that is nowhere true.

    Args:
        counts: [C, C], true label by predicted label.
        class_names: index is label.
    """
    sums = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, sums, out=np.full(counts.shape, np.nan), where=sums > 0)
    size = 2.6 + 0.34 * len(class_names)  # inches
    figure = Figure(figsize=(size + 0.6, size), layout="constrained")
    axes = figure.add_subplot()
    axes.set_facecolor("0.93")
    picture = axes.imshow(100 * shares, cmap="Blues", vmin=0, vmax=100)
    places = range(len(class_names))
    axes.set_xticks(places, class_names, rotation=90)
    axes.set_yticks(places, class_names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(class_names) <= _MOST_WITH_NUMBERS:
        for row, column in np.argwhere(shares >= 0.005):
            share = shares[row, column]
            colour = "white" if share > _DARK else "black"
            text = f"{100 * share:.0f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    figure.colorbar(picture, label="% of the true class", shrink=0.7)
    return figure
