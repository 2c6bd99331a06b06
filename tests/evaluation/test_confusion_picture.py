"""The picture of a confusion matrix: what is written in it."""

import numpy as np

from boxsup_tf.evaluation.confusion_picture import draw_confusion


def test_rows_are_shares_of_the_true_class():
    counts = np.array([[30, 10, 0], [0, 0, 0], [2, 995, 3]])
    axes = draw_confusion(counts, ("a", "b", "c")).axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}  # (column, row)
    assert written == {(0, 0): "75", (1, 0): "25", (1, 2): "100"}
    shown = axes.images[0].get_array().filled(np.nan)
    expected = [[75, 25, 0], [np.nan] * 3, [0.2, 99.5, 0.3]]
    np.testing.assert_allclose(shown, expected)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_many_classes_are_drawn_without_numbers():
    figure = draw_confusion(np.eye(81, dtype=np.int64), [f"class {i}" for i in range(81)])
    assert not figure.axes[0].texts and len(figure.axes[0].get_xticklabels()) == 81
