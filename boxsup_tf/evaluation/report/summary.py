"""The scores of the whole set: large figures, a table, and IoU of every class."""

from collections.abc import Mapping, Sequence

from boxsup_tf.evaluation.plots import draw_bars
from boxsup_tf.evaluation.report.markup import Node, legend, node, plot, section, swatch, table
from boxsup_tf.evaluation.result import Evaluation
from boxsup_tf.metrics.metric_names import TITLES, percent

# Results with the colours that stand for them.
_Colored = Sequence[tuple[int, Evaluation]]
_CLASSES_PER_CHART = 11  # a chart of 80 classes would be taller than any screen


def summary_section(results: Sequence[Evaluation]) -> Node | None:
    """Mean IoU in large figures, and all scores in a table; None where no result has any."""
    scored = [(color, result) for color, result in enumerate(results) if result.metrics]
    if not scored:
        return None
    tiles = [
        node(
            "li",
            node("span", swatch(color), result.name),
            node("strong", percent(result.metrics["mean_iou"], 1)),
            node("small", f"mean IoU, {result.metrics['num_images']} images"),
            node("small", result.model),
        )
        for color, result in scored
    ]
    scores = _table(
        "Scores, %; the best of several in bold",
        scored,
        TITLES,
        [result.metrics for _, result in scored],
    )
    return section("summary", "Summary", node("ul", *tiles, class_="tiles"), scores)


def classes_section(results: Sequence[Evaluation]) -> Node | None:
    """IoU of every class as bars and as a table; None where no result has any."""
    scored = [(color, result) for color, result in enumerate(results) if result.per_class]
    if not scored:
        return None
    names = {name: name for _, result in scored for name in result.per_class}
    values = _table("IoU, %", scored, names, [result.per_class for _, result in scored])
    return section(
        "classes",
        "Classes",
        node("p", "IoU of each class over the whole set, %."),
        legend((color, result.name) for color, result in scored),
        node("div", *_bars(scored, list(names)), values, class_="plots"),
    )


def _bars(scored: _Colored, names: Sequence[str]) -> list[Node]:
    """Charts of some classes each."""
    return [
        _chart(names[first : first + _CLASSES_PER_CHART], scored)
        for first in range(0, len(names), _CLASSES_PER_CHART)
    ]


def _chart(names: Sequence[str], scored: _Colored) -> Node:
    columns = [(color, [one.per_class.get(name) for name in names]) for color, one in scored]
    by_class = zip(names, *(shares for _, shares in columns), strict=True)
    values = "; ".join(
        f"{name} {' / '.join(percent(x, 1) for x in row)}" for name, *row in by_class
    )
    svg = plot(draw_bars(names, columns), f"IoU by class, %: {values}")
    return node("figure", svg, class_="plot")


def _table(
    caption: str,
    scored: _Colored,
    titles: Mapping[str, str],
    columns: Sequence[Mapping[str, float | None]],
) -> Node:
    header = ["", *(result.name for _, result in scored)]
    rows: list[list[Node | str]] = []
    for name, title in titles.items():
        shares = [column.get(name) for column in columns]
        best = max((value for value in shares if value is not None), default=None)
        cells = [
            node("b", percent(value))
            if value is not None and value == best and len(shares) > 1
            else percent(value)
            for value in shares
        ]
        rows.append([title, *cells])
    return table(caption, header, rows)
