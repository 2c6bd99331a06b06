"""proposals.sam.prompts: boxes as points with labels."""

import numpy as np

from boxsup_tf.proposals.sam.prompts import prompt

BOX = np.array([10, 20, 30, 80])


def test_points_are_x_and_y_in_the_models_pixels():
    points, labels, _ = prompt(BOX, "box", (50, 100), (100, 200))
    with_centre, with_label, _ = prompt(BOX, "centre", (50, 100), (100, 200))
    np.testing.assert_allclose(points, [[40, 20], [160, 60]])
    np.testing.assert_array_equal(labels, [2, 3])
    np.testing.assert_allclose(with_centre, [[100, 40], [40, 20], [160, 60]])
    np.testing.assert_array_equal(with_label, [1, 2, 3])
    assert points.dtype == labels.dtype == np.float32


def test_a_larger_box_ends_at_the_images_border():
    points, *_ = prompt(BOX, "larger", (50, 100), (50, 100))
    np.testing.assert_allclose(points, [[17, 9], [83, 31]])
    points, *_ = prompt(np.array([0, 0, 50, 100]), "larger", (50, 100), (50, 100))
    np.testing.assert_allclose(points, [[0, 0], [100, 50]])
