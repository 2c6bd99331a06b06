"""selective_search.segmentation: regions on common superpixels."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.proposals.region_graph import adjacent_pairs
from boxsup_tf.proposals.selective_search.colour_spaces import SPACES
from boxsup_tf.proposals.selective_search.segmentation import segment
from boxsup_tf.records.example import decode_image


def _photo() -> np.ndarray:
    """A generated image with texture, so that segmentations differ."""
    image = decode_image(ShapesReader(1, seed=3, image_size=96)[0].encoded).numpy()
    noise = np.random.default_rng(0).normal(0, 12, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("min_area", [1, 20])
def test_all_segmentations_are_connected_unions_of_the_superpixels(min_area):
    found = segment(_photo(), list(SPACES), [30, 60, 30, 30, 60], min_area)
    superpixels = found.superpixels
    sizes = np.bincount(superpixels.ravel())
    assert superpixels.dtype == np.int32 and sizes.min() >= min_area
    np.testing.assert_array_equal(found.areas, sizes)
    np.testing.assert_array_equal(found.pairs, adjacent_pairs(superpixels))
    for label in range(len(sizes)):
        assert ndimage.label(superpixels == label)[1] == 1
    assert len(found.regions) == 5
    for regions in found.regions:
        assert regions.shape == sizes.shape
        assert set(regions.tolist()) == set(range(regions.max() + 1))
        for region in range(regions.max() + 1):
            assert ndimage.label((regions == region)[superpixels])[1] == 1


def test_without_slivers_the_segmentations_are_opencvs_own():
    image = _photo()
    found = segment(image, ["lab", "hsv"], [30, 60], 1)
    for space, scale, regions in zip(["lab", "hsv"], [30, 60], found.regions, strict=True):
        method = cv2.ximgproc.segmentation.createGraphSegmentation(0.8, scale, scale)
        expected = method.processImage(np.ascontiguousarray(SPACES[space](image)))
        ours = regions[found.superpixels]
        for label in range(ours.max() + 1):  # split where OpenCV joins diagonally
            assert len(np.unique(expected[ours == label])) == 1
        parts = sum(ndimage.label(expected == i)[1] for i in range(expected.max() + 1))
        assert ours.max() + 1 == parts


def test_a_superpixel_belongs_to_the_region_of_most_of_its_pixels():
    image = _photo()
    found = segment(image, ["lab", "hsv"], [30, 60], 40)
    method = cv2.ximgproc.segmentation.createGraphSegmentation(0.8, 30, 30)
    exact = method.processImage(np.ascontiguousarray(SPACES["lab"](image)))
    ours = found.regions[0]
    for a, b in found.pairs:  # adjacent superpixels are of one region where their majorities are
        majorities = [np.bincount(exact[found.superpixels == i]).argmax() for i in (a, b)]
        assert (ours[a] == ours[b]) == (majorities[0] == majorities[1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 3)])
def test_tiny_images_are_one_superpixel(shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    found = segment(image, list(SPACES), [100] * 5, 50)
    assert found.superpixels.shape == shape and found.areas.tolist() == [shape[0] * shape[1]]
    assert all(regions.tolist() == [0] for regions in found.regions)
