"""Mean IoU against the width of a band around the boundaries, as a plot (BoxSup, Fig. 4)."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from boxsup_tf.evaluation.plots import Curve, draw_curves, plot_style
from boxsup_tf.evaluation.trimap import Trimap

WIDTH_LABEL = "width of the band on either side of a boundary, pixels"


def trimap_curve(name: str, trimap: Trimap, place: str, color: int, line: str = "-") -> Curve:
    """Percentages `inside` or `outside` (`place`) the bands."""
    values = [None if value is None else 100 * value for value in getattr(trimap, place)]
    return Curve(name, trimap.widths, values, color, line)


@plot_style
def draw_trimap(trimaps: Sequence[Trimap]) -> Figure:
    """The plot.

    Args:
        trimaps: of the model's own label maps and, if there are, of the CRF's; of the same widths.
    """
    curves = [
        trimap_curve(f"{name}{suffix}", trimap, place, color, line)
        for trimap, (suffix, line) in zip(trimaps, (("", "-"), (", with CRF", "--")), strict=False)
        for color, (place, name) in enumerate(
            (("inside", "in the band"), ("outside", "outside it"))
        )
    ]
    figure = draw_curves(curves, WIDTH_LABEL, "mean IoU, %", trimaps[0].widths)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure
