"""Quality of candidates against their number, as a picture; needs matplotlib."""

import csv
import glob
import itertools
import os
from collections.abc import Mapping, Sequence

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from boxsup_tf.errors import InputError

# Names in the published files and in ours.
_COLUMNS = {
    "ncands": "mean_candidates",
    "jac_instance": "mean_best_jaccard",
    "rec_at_0.5": "recall_50",
    "rec_at_0.7": "recall_70",
    "rec_at_0.85": "recall_85",
}
_TITLES = {
    "mean_best_jaccard": "mean best Jaccard index over instances",
    "recall_50": "recall at 0.5",
    "recall_70": "recall at 0.7",
    "recall_85": "recall at 0.85",
}
Rows = Sequence[Mapping[str, float]]


def read_curves(pattern: str | None) -> dict[str, Rows]:
    """Published curves by their files' names.

    Args:
        pattern: a folder, whose *.txt are read, or a pattern of files; None: no curves.

    Raises:
        InputError: there is no such file, or it has other columns.
    """
    if not pattern:
        return {}
    paths = sorted(glob.glob(os.path.join(pattern, "*.txt") if os.path.isdir(pattern) else pattern))
    if not paths:
        raise InputError(f"--curves={pattern}: no such file: expected tab-separated curves")
    return {os.path.splitext(os.path.basename(path))[0]: _read_curve(path) for path in paths}


def _read_curve(path: str) -> Rows:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            table = list(csv.DictReader(file, delimiter="\t"))
        return [{ours: float(row[name]) for name, ours in _COLUMNS.items()} for row in table]
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: not a curve ({error!r}): expected the tab-separated columns "
            f"{', '.join(_COLUMNS)}"
        ) from None


def plot(path: str, measured: Mapping[str, Rows], published: Mapping[str, Rows]) -> None:
    """Four panels: Jaccard index and recalls, over the mean number of candidates per image.

    Args:
        path: of the picture; its ending says the format.
        measured: rows of `proposal_quality.quality_rows` by name, drawn in full lines.
        published: rows of `read_curves` by name, drawn dashed; single points as crosses.
    """
    figure, axes = pyplot.subplots(2, 2, figsize=(13, 9.5), constrained_layout=True)
    colours = itertools.cycle(matplotlib.color_sequences["tab10"])
    styles = [(name, rows, "o-", 2.2) for name, rows in measured.items()]
    styles += [
        (name, rows, "--" if len(rows) > 1 else "x", 1.2) for name, rows in published.items()
    ]
    for name, rows, style, width in styles:
        colour = next(colours)
        for axis, column in zip(axes.flat, _TITLES, strict=True):
            x = [row["mean_candidates"] for row in rows]
            y = [row[column] for row in rows]
            axis.plot(x, y, style, color=colour, linewidth=width, markersize=5, label=name)
    for axis, title in zip(axes.flat, _TITLES.values(), strict=True):
        axis.set(xscale="log", xlabel="candidates per image", title=title)
        axis.grid(alpha=0.3)
    axes.flat[0].legend(fontsize=8)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
