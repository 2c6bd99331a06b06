"""Mean IoU against the width of a band around the boundaries, as a plot (BoxSup, Fig. 4)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

# Name in trimap.json, what the legend says, colour, line.
_CURVES = (
    ("inside", "in the band", "C0", "-"),
    ("outside", "outside it", "C1", "-"),
    ("inside_crf", "in the band, with CRF", "C0", "--"),
    ("outside_crf", "outside it, with CRF", "C1", "--"),
)


def draw_trimap(widths: Sequence[float], mean_ious: Mapping[str, Sequence[float | None]]) -> Figure:
    """The plot.

    Args:
        widths: of the bands, pixels.
        mean_ious: `inside` and `outside`, perhaps `inside_crf` and `outside_crf`, in 0 .. 1.
    """
    figure = Figure(figsize=(6, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for name, label, colour, line in _CURVES:
        if name in mean_ious:
            axes.plot(
                widths,
                100 * np.array(mean_ious[name], np.float64),  # None becomes NaN
                color=colour,
                linestyle=line,
                marker="o",
                markersize=4,
                label=label,
            )
    axes.set_xscale("log", base=2)
    axes.set_xticks(widths, [f"{width:g}" for width in widths])
    axes.minorticks_off()
    axes.set_xlabel("width of the band on either side of a boundary (pixels)")
    axes.set_ylabel("mean IoU (%)")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
