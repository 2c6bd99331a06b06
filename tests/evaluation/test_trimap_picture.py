"""The plot of mean IoU in bands: its curves are the scores."""

import numpy as np

from boxsup_tf.evaluation.trimap import Trimap
from boxsup_tf.evaluation.trimap_picture import draw_trimap, draw_trimaps


def test_curves_are_the_scores_in_percent():
    widths = [1, 2.5, 8]
    plain = Trimap(widths, [None, 0.25, 0.5], [0.6, 0.7, 0.8])
    axes = draw_trimap([plain, Trimap(widths, [0.1] * 3, [0.2] * 3)]).axes[0]
    curves = {line.get_label(): line for line in axes.lines}
    assert curves.keys() == {
        *("in the band", "outside it"),
        *("in the band, with CRF", "outside it, with CRF"),
    }
    np.testing.assert_allclose(curves["in the band"].get_xydata(), [[2.5, 25], [8, 50]])
    np.testing.assert_allclose(curves["outside it"].get_ydata(), [60, 70, 80])
    np.testing.assert_allclose(curves["outside it, with CRF"].get_ydata(), [20] * 3)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2.5", "8"]
    assert len(draw_trimap([plain]).axes[0].lines) == 2
    one_label_alone = Trimap(widths, [None] * 3, [1.0] * 3)
    empty, full = draw_trimap([one_label_alone]).axes[0].lines
    assert (len(empty.get_xdata()), len(full.get_xdata())) == (0, 3)


def test_models_in_one_plot_have_a_colour_each():
    one = Trimap([1, 2], [0.1, 0.2], [0.3, None])
    axes = draw_trimaps({"a": one, "b": Trimap([1, 4], [0.5, 0.6], [0.7, 0.8])}).axes[0]
    curves = {line.get_label(): line for line in axes.lines}
    assert [*curves] == ["a, in the band", "a, outside it", "b, in the band", "b, outside it"]
    np.testing.assert_allclose(curves["a, outside it"].get_xydata(), [[1, 30]])
    np.testing.assert_allclose(curves["b, in the band"].get_xydata(), [[1, 50], [4, 60]])
    colors = [line.get_color() for line in axes.lines]
    assert colors[0] == colors[1] != colors[2] == colors[3]
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"] * 2
