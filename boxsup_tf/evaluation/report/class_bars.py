"""IoU of every class as bars, one for each result."""

from collections.abc import Sequence

from boxsup_tf.evaluation.report.markup import Node, color_class, node
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.metrics.metric_names import percent

_WIDTH, _LEFT, _RIGHT = 440, 118, 40
_BAR, _GAP, _BOTTOM = 12, 12, 22  # heights
_CLASSES_A_CHART = 11  # a chart of 80 classes would be taller than any screen
_MAX_NAME = 16  # characters


def class_bars(scored: Sequence[tuple[int, Evaluation]], names: Sequence[str]) -> list[Node]:
    """Charts of some classes each.

    Args:
        scored: results, each behind the number of its colour (`markup.color_class`).
        names: of the classes.
    """
    return [
        _chart(names[first : first + _CLASSES_A_CHART], scored)
        for first in range(0, len(names), _CLASSES_A_CHART)
    ]


def _chart(names: Sequence[str], scored: Sequence[tuple[int, Evaluation]]) -> Node:
    pitch = len(scored) * _BAR + _GAP
    height = len(names) * pitch + _GAP
    parts = [_vertical(share, height) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    for row, name in enumerate(names):
        top = _GAP + row * pitch
        shown = name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"
        middle = top + len(scored) * _BAR / 2 + 4
        title = node("title", name)
        parts.append(node("text", title, shown, x=_LEFT - 8, y=middle, text_anchor="end"))
        for place, (color, result) in enumerate(scored):
            parts += _bar(name, top + place * _BAR, color, result)
    figures = "; ".join(
        f"{name} {' / '.join(percent(result.per_class.get(name), 1) for _, result in scored)}"
        for name in names
    )
    view = f"0 0 {_WIDTH} {height + _BOTTOM}"
    svg = node("svg", *parts, viewBox=view, role="img", aria_label=f"IoU by class, %: {figures}")
    return node("figure", svg, class_="plot")


def _bar(name: str, top: float, color: int, result: Evaluation) -> list[Node]:
    iou = result.per_class.get(name)
    length = (iou or 0.0) * (_WIDTH - _LEFT - _RIGHT)
    title = node("title", f"{result.name}, {name}: {percent(iou, 1)} %")
    size = {"width": f"{length:.1f}", "height": _BAR - 2}
    bar = node("rect", title, x=_LEFT, y=top + 1, rx=2, class_=f"bar {color_class(color)}", **size)
    text = node("text", percent(iou, 1), x=f"{_LEFT + length + 5:.1f}", y=top + 10, class_="value")
    return [bar, text]


def _vertical(share: float, height: int) -> Node:
    x = _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
    line = node("line", x1=x, x2=x, y1=_GAP / 2, y2=height)
    number = node("text", f"{100 * share:g}", x=x, y=height + 16, text_anchor="middle")
    return node("g", line, number)
