"""Mean IoU against the width of a band around the boundaries, as a plot (BoxSup, Fig. 4)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from boxsup_tf.evaluation.trimap import Trimap

# What the legend adds for the model's own label maps and for the CRF's, and their lines.
_KINDS = (("", "-"), (", with CRF", "--"))


def draw_trimap(trimaps: Sequence[Trimap]) -> Figure:
    """The plot.

    Args:
        trimaps: of the model's own label maps and, if there are, of the CRF's; of the same widths.
    """
    figure = Figure(figsize=(6, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for trimap, (name, line) in zip(trimaps, _KINDS, strict=False):
        for label, values, colour in (
            ("in the band", trimap.inside, "C0"),
            ("outside it", trimap.outside, "C1"),
        ):
            axes.plot(
                trimap.widths,
                100 * np.array(values, np.float64),  # None becomes NaN
                color=colour,
                linestyle=line,
                marker="o",
                markersize=4,
                label=label + name,
            )
    widths = trimaps[0].widths
    axes.set_xscale("log", base=2)
    axes.set_xticks(widths, [f"{width:g}" for width in widths])
    axes.minorticks_off()
    axes.set_xlabel("width of the band on either side of a boundary (pixels)")
    axes.set_ylabel("mean IoU (%)")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
