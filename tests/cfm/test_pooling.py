"""cfm.pooling against bins that are looked at one by one."""

import numpy as np
import tensorflow as tf

from boxsup_tf.cfm.pooling import BINS, pool_segments


def _largest(values: np.ndarray, box: list[int]) -> np.ndarray:
    """[7, 7, C]: the largest value of every bin; a bin's lines are those whose places it has."""
    top, left, bottom, right = box
    pooled = np.zeros((BINS, BINS, values.shape[-1]), np.float32)
    fine = 1000  # places of a line, so that a bin's share of lines is seen
    rows, columns = (
        [
            sorted(
                {
                    first + i * (end - first) // (BINS * fine)
                    for i in range(b * fine, (b + 1) * fine)
                }
            )
            for b in range(BINS)
        ]
        for first, end in ((top, bottom), (left, right))
    )
    for i, j in np.ndindex(BINS, BINS):
        pooled[i, j] = values[np.ix_(rows[i], columns[j])].max(axis=(0, 1))
    return pooled


def test_bins_of_boxes_and_of_segments():
    rng = np.random.default_rng(0)
    features = rng.uniform(0, 1, (14, 21, 4)).astype(np.float32)
    # Sides of 7 n and of 1: there, samples and bins fall together for any number of samples.
    boxes = np.array([[0, 0, 14, 21], [3, 5, 10, 19], [13, 20, 14, 21], [2, 2, 9, 3]], np.int32)
    masks = rng.uniform(size=(4, 14, 21)) < 0.3
    region, segment = pool_segments(tf.constant(features), tf.constant(masks), tf.constant(boxes))
    for i, box in enumerate(boxes.tolist()):
        np.testing.assert_array_equal(region[i], _largest(features, box))
        np.testing.assert_array_equal(segment[i], _largest(features * masks[i][..., None], box))


def test_no_feature_of_a_box_is_left_out():
    """Of any box every feature is the largest of a bin, if it is made the largest of all."""
    for box in ([1, 2, 12, 19], [0, 0, 13, 5], [4, 4, 6, 6]):
        top, left, bottom, right = box
        for y, x in ((top, left), (bottom - 1, right - 1), (top + 1, (left + right) // 2)):
            features = np.zeros((13, 20, 1), np.float32)
            features[y, x] = 1
            region, _ = pool_segments(
                tf.constant(features), tf.ones([1, 13, 20], tf.bool), tf.constant([box])
            )
            assert region.numpy().max() == 1
    outside = np.ones((13, 20, 1), np.float32)
    outside[3:5, 4:9] = 0
    region, _ = pool_segments(
        tf.constant(outside), tf.ones([1, 13, 20], tf.bool), tf.constant([[3, 4, 5, 9]])
    )
    assert not region.numpy().any()
