"""selective_search.features: histograms against counting, and on steps of known direction."""

import numpy as np
import pytest

from boxsup_tf.proposals.selective_search import features
from boxsup_tf.proposals.selective_search.colour_spaces import SPACES

RNG = np.random.default_rng(0)
QUARTERS = np.kron([[0, 1], [2, 3]], np.ones((10, 15), int))


@pytest.mark.parametrize("channels", [1, 3])
def test_colour_histograms_count_pixels(channels):
    image = RNG.integers(0, 256, (20, 30, channels), np.uint8)
    counts = features.colour_histograms(image, QUARTERS)
    assert counts.shape == (4, channels * 25) and counts.dtype == np.float32
    for label in range(4):
        pixels = image[label == QUARTERS]
        expected = [np.histogram(values, 25, (0, 256))[0] for values in pixels.T]
        np.testing.assert_array_equal(counts[label], np.concatenate(expected))


def test_histograms_of_unions_are_those_of_their_pixels():
    image = RNG.integers(0, 256, (20, 30, 3), np.uint8)
    regions = np.array([1, 0, 1, 1])
    unions = features.normalised(features.colour_histograms(image, QUARTERS), regions)
    expected = features.colour_histograms(image, regions[QUARTERS])
    np.testing.assert_allclose(unions, expected / expected.sum(axis=1, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(unions.sum(axis=1), 1, rtol=1e-6)


def _directions(image: np.ndarray) -> np.ndarray:
    """float [8]: mean texture bin by direction, of the first channel of the whole image."""
    counts = features.texture_histograms(image, np.zeros(image.shape[:2], int))
    assert counts.shape == (1, 80 * image.shape[2])
    assert (counts.reshape(-1, 10).sum(axis=1) == image.shape[0] * image.shape[1]).all()
    return counts[0, :80].reshape(8, 10) @ np.arange(10) / counts[0, :10].sum()


def test_texture_of_nothing_is_in_the_lowest_bins():
    assert (_directions(np.full((20, 30, 3), 77, np.uint8)) == 0).all()


def test_texture_tells_the_directions_of_slopes():
    ramp = np.repeat(np.arange(0, 240, 8, dtype=np.uint8)[None, :, None], 20, axis=0)
    right = _directions(ramp)  # directions 0, 45, 90 and 135 degrees, each rising and falling
    assert right[0] > 8 and right[2] > 8 and right[7] > 8
    assert right[1] == right[3] == right[6] == 0
    down = _directions(np.ascontiguousarray(ramp.transpose(1, 0, 2)))
    assert down[4] > 8 and down[2] > 8 and down[6] > 8
    np.testing.assert_allclose(down[[0, 1, 5]], 0, atol=1e-3)
    left = _directions(np.ascontiguousarray(ramp[:, ::-1]))
    np.testing.assert_allclose(left[[1, 0, 3, 2, 7, 6]], right[[0, 1, 2, 3, 6, 7]])


def test_all_spaces_are_bytes_of_the_same_size():
    image = RNG.integers(0, 256, (20, 30, 3), np.uint8)
    image[0] = 0
    image[1] = 255
    for name, convert in SPACES.items():
        converted = convert(image)
        assert converted.dtype == np.uint8 and converted.shape[:2] == (20, 30), name
        assert converted.shape[2] == (1 if name == "grey" else 3)


def test_normalised_red_and_green_know_no_shadows():
    image = np.array([[[200, 100, 20], [100, 50, 10], [0, 0, 0]]], np.uint8)
    red, green, intensity = SPACES["rgi"](image)[0].T.astype(int)
    assert abs(red[0] - red[1]) <= 1 and abs(green[0] - green[1]) <= 1
    assert red[0] == int(255 * 200 / 320)
    assert intensity.tolist() == [106, 53, 0] and red[2] == green[2] == 0
