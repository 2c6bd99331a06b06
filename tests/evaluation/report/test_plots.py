"""Plots as parts of the page: their legend, their values, and the page's colours."""

from boxsup_tf.evaluation.plots import Curve
from boxsup_tf.evaluation.report.class_bars import class_bars
from boxsup_tf.evaluation.report.line_plot import line_plot
from boxsup_tf.evaluation.report.markup import to_html
from boxsup_tf.evaluation.result import Evaluation


def test_a_plot_has_a_legend_and_its_values():
    curves = [
        Curve("one", [1, 4], [0.5, None], 0),
        Curve("two", [1, 2], [0.25, 70.123], 1),
        Curve("none", [1], [None], 2),
    ]
    figure = line_plot("t", "x", "%", curves)
    assert [item.find("span").tail for item in figure.findall("ul/li")] == ["one", "two"]
    rows = [[cell.text for cell in row] for row in figure.findall(".//tr")]
    assert rows == [["x", "one", "two"], ["1", "0.5", "0.25"], ["2", "-", "70.12"], ["4", "-", "-"]]
    assert figure.find("svg").attrib["aria-label"] == "t: % by x, 2 curves; values below"


def test_a_plot_without_any_value_is_none():
    assert line_plot("t", "x", "%", [Curve("one", [1], [None], 0)]) is None


def test_bars_of_many_classes_are_several_charts():
    per_class = {f"class{i}": i / 20 for i in range(20)} | {"</text><b>": None}
    result = Evaluation("r", "", metrics={"per_class_iou": per_class})
    charts = class_bars([(3, result)], list(per_class))
    assert len(charts) == 2
    page = "".join(map(to_html, charts))
    texts = [text.text for chart in charts for text in chart.findall(".//text")]
    assert set(texts) >= {*per_class, "95.0", "-"} and "<b>" not in page
    assert "fill: var(--c3)" in page and "#0" not in page.replace("url(#", "").replace("href=", "")
