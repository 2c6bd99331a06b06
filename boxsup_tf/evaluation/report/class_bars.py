"""IoU of every class as bars, one for each result."""

from collections.abc import Sequence

from boxsup_tf.evaluation.plots import draw_bars
from boxsup_tf.evaluation.report.markup import Node, node, plot
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.metrics.metric_names import percent

_CLASSES_PER_CHART = 11  # a chart of 80 classes would be taller than any screen


def class_bars(scored: Sequence[tuple[int, Evaluation]], names: Sequence[str]) -> list[Node]:
    """Charts of some classes each.

    Args:
        scored: results, each behind the number of its colour.
        names: of the classes.
    """
    return [
        _chart(names[first : first + _CLASSES_PER_CHART], scored)
        for first in range(0, len(names), _CLASSES_PER_CHART)
    ]


def _chart(names: Sequence[str], scored: Sequence[tuple[int, Evaluation]]) -> Node:
    columns = [(color, [one.per_class.get(name) for name in names]) for color, one in scored]
    by_class = zip(names, *(shares for _, shares in columns), strict=True)
    values = "; ".join(
        f"{name} {' / '.join(percent(x, 1) for x in row)}" for name, *row in by_class
    )
    svg = plot(draw_bars(names, columns), f"IoU by class, %: {values}")
    return node("figure", svg, class_="plot")
