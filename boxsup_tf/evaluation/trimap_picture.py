"""Mean IoU against the width of a band around the boundaries, as a plot (BoxSup, Fig. 4)."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from boxsup_tf.evaluation.plots import Curve, draw_curves, plot_style
from boxsup_tf.evaluation.trimap import Trimap

WIDTH_LABEL = "width of the band on either side of a boundary, pixels"


def trimap_curve(name: str, trimap: Trimap, place: str, color: int, line: str = "-") -> Curve:
    """Percentages `inside` or `outside` (`place`) the bands."""
    values = [None if value is None else 100 * value for value in getattr(trimap, place)]
    return Curve(name, trimap.widths, values, color, line)


_PLACES = (("inside", "in the band"), ("outside", "outside it"))


@plot_style
def draw_trimap(trimaps: Sequence[Trimap]) -> Figure:
    """The plot.

    Args:
        trimaps: of the model's own label maps and, if there are, of the CRF's; of the same widths.
    """
    curves = [
        trimap_curve(f"{name}{suffix}", trimap, place, color, line)
        for trimap, (suffix, line) in zip(trimaps, (("", "-"), (", with CRF", "--")), strict=False)
        for color, (place, name) in enumerate(_PLACES)
    ]
    figure = draw_curves(curves, WIDTH_LABEL, "mean IoU, %", trimaps[0].widths)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


@plot_style
def draw_trimaps(trimaps: Mapping[str, Trimap]) -> Figure:
    """The plot of several models: a colour each, dashed outside the bands.

    Args:
        trimaps: at least one, by the models' names, each with widths; the axis names the first's.
    """
    curves = [
        trimap_curve(f"{name}, {where}", trimap, place, color, line)
        for color, (name, trimap) in enumerate(trimaps.items())
        for (place, where), line in zip(_PLACES, ("-", "--"), strict=True)
    ]
    ticks = next(iter(trimaps.values())).widths
    figure = draw_curves(curves, WIDTH_LABEL, "mean IoU, %", ticks)
    figure.set_figheight(figure.get_figheight() + 0.25 * len(trimaps))
    figure.legend(loc="outside upper center", ncols=1, frameon=False)
    return figure
