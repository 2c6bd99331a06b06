"""combinatorial.partition against a walk over all pixels."""

import collections

import cv2
import numpy as np
import pytest

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.proposals.combinatorial.partition import build_partition
from tests.proposals.combinatorial.made_up import make_superpixels, row


@pytest.mark.parametrize(
    ("height", "width", "cell"),
    [(18, 22, 3), (12, 31, 2), (9, 7, 1), (1, 9, 2), (9, 1, 1), (1, 1, 1), (5, 6, 6)],
)
def test_all_measures_are_those_of_the_pixels(height, width, cell):
    superpixels = make_superpixels(3, height, width, cell)
    rng = np.random.default_rng(4)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    edges = rng.random((3, height, width), np.float32)
    partition = build_partition(superpixels, image, edges)

    strengths = collections.defaultdict(list)
    sides = collections.Counter()
    for y in range(height):
        for x in range(width):
            a = superpixels[y, x]
            sides[a] += (y == 0) + (y == height - 1) + (x == 0) + (x == width - 1)
            for v, u in ((y + 1, x), (y, x + 1)):
                if v < height and u < width and superpixels[v, u] != a:
                    pair = tuple(sorted((int(a), int(superpixels[v, u]))))
                    strengths[pair].append((edges[:, y, x] + edges[:, v, u]) / 2)
    pairs = list(zip(partition.first.tolist(), partition.second.tolist(), strict=True))
    assert pairs == sorted(strengths)
    assert partition.length.tolist() == [len(strengths[pair]) for pair in pairs]
    assert partition.strength.shape == (len(pairs), 3)
    for pair, strength in zip(pairs, partition.strength, strict=True):
        np.testing.assert_allclose(strength, np.mean(strengths[pair], axis=0), rtol=1e-6)

    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float64)
    num = superpixels.max() + 1
    assert partition.num_superpixels == num and partition.superpixels is superpixels
    for label in range(num):
        mask = superpixels == label
        assert partition.areas[label] == mask.sum()
        assert partition.border[label] == sides[label]
        np.testing.assert_array_equal(partition.boxes[label], tight_box_yxyx(mask))
        np.testing.assert_allclose(partition.colour[label], lab[mask].mean(axis=0), atol=1e-4)
        np.testing.assert_allclose(partition.deviation[label], lab[mask].std(axis=0), atol=0.03)


def test_a_plain_image_has_no_contrast_and_no_deviation():
    partition = row([2, 3, 4], [0.1, 0.2], height=3)
    assert partition.num_superpixels == 3
    assert partition.length.tolist() == [3, 3]
    np.testing.assert_allclose(partition.strength[:, 0], [0.1, 0.2], rtol=1e-6)
    assert not partition.contrast.any() and partition.deviation.max() < 0.05


def test_contrast_is_the_distance_of_mean_colours():
    superpixels = np.array([[0, 0, 1, 1, 2]], np.int32)
    image = np.zeros((1, 5, 3), np.uint8)
    image[:, 2:4], image[:, 4] = 255, (255, 0, 0)
    partition = build_partition(superpixels, image, np.zeros((1, 1, 5), np.float32))
    white, red = np.array([100, 0, 0]), np.array([53.24, 80.09, 67.2])  # CIE Lab, D65
    expected = [100, np.linalg.norm(white - red)]
    np.testing.assert_allclose(partition.contrast, expected, atol=0.2)
