"""Confusion matrices as tables whose cells are shaded by their share."""

from collections.abc import Sequence

import numpy as np

from boxsup_tf.evaluation.report.markup import Node, node, scroller, section, swatch
from boxsup_tf.evaluation.result import Evaluation


def confusion_section(results: Sequence[Evaluation], class_names: Sequence[str]) -> Node | None:
    """A table for every result that has a confusion matrix; None where none has."""
    tables = [
        scroller(f"Confusion matrix of {result.name}", _table(color, result, class_names))
        for color, result in enumerate(results)
        if result.confusion.size
    ]
    if not tables:
        return None
    text = "Of a true class's pixels (rows), the share that is labelled as each class, %."
    matrices = node("div", *tables, class_="matrices")
    return section("confusion", "Confusion", node("p", text), matrices)


def _table(color: int, result: Evaluation, class_names: Sequence[str]) -> Node:
    counts = result.confusion.astype(np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [node("th", node("span", name), scope="col") for name in class_names]
    rows = []
    for row, true_name in enumerate(class_names):
        cells = []
        for column, name in enumerate(class_names):
            value = float(shares[row, column])
            pixels = f"{true_name} labelled {name}: {counts[row, column]:,.0f} pixels"
            text = f"{100 * value:.0f}" if value >= 0.005 else ""
            strong = {"class_": "strong"} if value > 0.5 else {}
            style = f"--share: {value:.3f}"
            cells.append(node("td", text, title=pixels, style=style, **strong))
        rows.append(node("tr", node("th", true_name, scope="row"), *cells))
    caption = node("caption", swatch(color), result.name)
    head = node("thead", node("tr", node("td", "true"), *names))
    return node("table", caption, head, node("tbody", *rows), class_="confusion")
