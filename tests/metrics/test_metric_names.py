"""metric_names: titles of all that a summary holds, and percentages."""

import numpy as np
import pytest

from boxsup_tf.metrics.confusion import ConfusionMatrix
from boxsup_tf.metrics.metric_names import TITLES, percent


def test_every_figure_of_a_summary_has_a_title():
    assert TITLES.keys() == ConfusionMatrix(np.eye(2, dtype=int)).summary("ab").keys() - {
        "per_class_iou"
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0.5,), "50.00"),
        ((0.12345, 1), "12.3"),
        ((1.0, 0), "100"),
        ((0.005, 2, "+"), "+0.50"),
        ((-0.005, 2, "+"), "-0.50"),
        ((None,), "-"),
    ],
)
def test_percent(arguments, text):
    assert percent(*arguments) == text
