"""The plot of mean IoU in bands: its curves are the figures."""

import numpy as np

from boxsup_tf.evaluation.trimap_picture import draw_trimap


def test_curves_are_the_figures_in_percent():
    mean_ious = {"inside": [None, 0.25, 0.5], "outside": [0.6, 0.7, 0.8], "inside_crf": [0.1] * 3}
    axes = draw_trimap([1, 2.5, 8], mean_ious).axes[0]
    curves = {line.get_label(): line for line in axes.lines}
    assert curves.keys() == {"in the band", "outside it", "in the band, with CRF"}
    np.testing.assert_array_equal(curves["in the band"].get_xdata(), [1, 2.5, 8])
    np.testing.assert_allclose(curves["in the band"].get_ydata(), [np.nan, 25, 50])
    np.testing.assert_allclose(curves["outside it"].get_ydata(), [60, 70, 80])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2.5", "8"]
