"""Plots as parts of the page: their legend, their values, and the page's colours."""

from boxsup_tf.evaluation.plots import Curve
from boxsup_tf.evaluation.report.curves import line_plot
from boxsup_tf.evaluation.report.markup import to_html
from boxsup_tf.evaluation.report.summary import classes_section
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
    section = classes_section([Evaluation("none", ""), result])
    charts = section.findall(".//figure")
    assert len(charts) == 2
    texts = {text.text for chart in charts for text in chart.findall(".//text")}
    assert texts >= {*per_class, "95.0", "-"} and "<b>" not in to_html(section)
    assert "fill: var(--c1)" in to_html(charts[0])  # the second result's colour
