"""Tiles against the whole: seams, sizes, and how much a function is given at once."""

import cv2
import numpy as np
import pytest

from boxsup_tf.errors import InputError
from boxsup_tf.inference import tiling
from boxsup_tf.inference.predictor import Predictor

_SIZES = [(1, 450), (200, 200), (201, 199), (361, 523), (640, 161), (199, 1)]


def random_images(height: int, width: int, batch: int = 2) -> np.ndarray:
    rng = np.random.default_rng(height * width)
    return rng.integers(0, 256, (batch, height, width, 3)).astype(np.uint8)


def sums_within(reach: int):
    """A function whose values depend on `reach` pixels to each side, with zeros outside."""

    def predict(images: np.ndarray) -> np.ndarray:
        size = (2 * reach + 1, 2 * reach + 1)
        options = {"ksize": size, "normalize": False, "borderType": cv2.BORDER_CONSTANT}
        return np.stack([cv2.boxFilter(image, cv2.CV_64F, **options) for image in images])

    return predict


@pytest.mark.parametrize("size", _SIZES)
def test_what_reaches_no_further_than_the_margin_has_no_seams(size):
    images = random_images(*size)
    whole = sums_within(20)(images)
    tiled = tiling.predict_in_tiles(sums_within(20), images, tile_size=200, margin=20)
    assert tiled.dtype == whole.dtype
    np.testing.assert_array_equal(tiled, whole)


def test_what_reaches_further_has_seams_only_beside_cuts():
    images = random_images(90, 500)
    whole = sums_within(21)(images)
    tiled = tiling.predict_in_tiles(sums_within(21), images, tile_size=200, margin=20)
    wrong = np.flatnonzero((tiled != whole).any(axis=(0, 1, 3)))
    # Tiles are 0 .. 200, 160 .. 360 and 320 .. 500; the outermost used pixels miss one column.
    assert wrong.tolist() == [179, 180, 339, 340]


@pytest.mark.parametrize("size", _SIZES)
def test_every_tile_is_small_and_on_the_grid(size):
    height, width = size
    # A pixel's value is its place, so a tile says where it lies.
    images = np.zeros([1, height, width, 3], np.uint8)
    images[..., 0], images[..., 1] = np.arange(width) % 256, np.arange(width) // 256
    images[..., 2] = np.arange(height)[:, None] % 160
    seen = []

    def predict(tile: np.ndarray) -> np.ndarray:
        assert max(tile.shape[1:3]) <= 200
        left = int(tile[0, 0, 0, 0]) + 256 * int(tile[0, 0, 0, 1])
        assert left % tiling.GRID == 0 and tile[0, 0, 0, 2] == 0
        seen.append(tile.shape)
        return tile

    tiled = tiling.predict_in_tiles(predict, images, tile_size=200, margin=20)
    np.testing.assert_array_equal(tiled, images)
    assert len(seen) == np.prod([1 + max(0, -(-(side - 200) // 160)) for side in size])


def test_no_larger_than_a_tile_is_the_plain_way(segmenter, images):
    predictor = Predictor(segmenter)
    plain = predictor.probabilities(images[0][None]).numpy()
    tiled = tiling.predict_in_tiles(lambda x: predictor.probabilities(x).numpy(), images[0][None])
    np.testing.assert_allclose(tiled, plain, atol=1e-5)


@pytest.fixture(scope="module")
def panorama(images) -> np.ndarray:
    """uint8 [1, 400, 1500, 3]: scenes beside and above each other, three tiles of 640 pixels."""
    scene = np.concatenate([cv2.resize(image, (300, 200)) for image in images], axis=1)
    rows = [np.concatenate([scene, scene[:, ::-1]], axis=1)[:, shift:] for shift in (0, 90)]
    return np.concatenate([row[:, :1500] for row in rows], axis=0)[None]


def test_tiles_of_a_network_have_no_seams(segmenter, panorama):
    predictor = Predictor(segmenter)
    whole = predictor.probabilities(panorama).numpy()
    tiled = tiling.predict_in_tiles(lambda x: predictor.probabilities(x).numpy(), panorama, 640)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)
    assert len(np.unique(whole.argmax(-1))) >= 3
    # Tiles that are just put together have seams.
    halves = [predictor.probabilities(half).numpy() for half in np.split(panorama, 2, axis=2)]
    assert np.abs(np.concatenate(halves, axis=2) - whole).max() > 0.01


def test_tiles_of_several_scales_have_no_seams_either(segmenter, panorama):
    """A margin of 290 pixels is the network's reach at scale 0.8; the usual one is nearly."""
    predictor = Predictor(segmenter, (0.8, 1.2))
    whole = predictor.probabilities(panorama).numpy()

    def tiled(margin: int) -> np.ndarray:
        return tiling.predict_in_tiles(
            lambda x: predictor.probabilities(x).numpy(), panorama, 2 * margin + 160, margin
        )

    np.testing.assert_allclose(tiled(290), whole, rtol=0, atol=5e-4)  # resizing rounds
    assert (tiled(tiling.MARGIN).argmax(-1) == whole.argmax(-1)).mean() >= 0.999


@pytest.mark.parametrize("tile_size", [0, 320, 480, 1000, 1281])
def test_a_tile_size_that_does_not_fit_is_refused(tile_size):
    with pytest.raises(InputError, match=f"--tile_size={tile_size}: expected 480 and a multiple"):
        tiling.predict_in_tiles(lambda images: images, random_images(3, 3), tile_size)
