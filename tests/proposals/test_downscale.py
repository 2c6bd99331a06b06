"""proposals.downscale: pools of large images come from smaller copies."""

import numpy as np
import pytest
from scipy import ndimage

from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.downscale import propose_at_most
from tests.proposals.combinatorial.made_up import make_superpixels


def _solid_pool(image: np.ndarray) -> CandidatePool:
    """Random connected superpixels, each a candidate, its holes filled by others."""
    height, width = image.shape[:2]
    superpixels = make_superpixels(height, height, width, 2)
    num = superpixels.max() + 1
    members = np.zeros((num, num), bool)
    for label in range(num):
        filled = ndimage.binary_fill_holes(superpixels == label)
        members[label, np.unique(superpixels[filled])] = True
    return CandidatePool(superpixels, members, "solid")


@pytest.mark.parametrize("shape", [(40, 60), (61, 37), (100, 25), (7, 300)])
def test_a_large_image_keeps_its_size_and_what_its_candidates_are(shape):
    sizes = []

    def propose(image: np.ndarray) -> CandidatePool:
        sizes.append(image.shape[:2])
        return _solid_pool(image)

    most = 700
    pool = propose_at_most(np.zeros((*shape, 3), np.uint8), most, propose)
    (small,) = sizes
    assert 0.9 * most < small[0] * small[1] < 1.1 * most
    # The side ratio is kept as far as whole pixels allow.
    assert abs(small[0] - shape[0] * small[1] / shape[1]) <= 0.5 + 0.5 * shape[0] / shape[1]
    assert pool.superpixels.shape == shape and pool.method == "solid"
    before = _solid_pool(np.zeros((*small, 3), np.uint8))
    np.testing.assert_array_equal(pool.membership, before.membership)
    for candidate in range(pool.num_candidates):
        mask = pool.mask(candidate)
        assert ndimage.label(mask)[1] == 1
        assert (ndimage.binary_fill_holes(mask) == mask).all()
    # Every pixel is that of the copy's pixel at the same place.
    y, x = np.mgrid[: shape[0], : shape[1]]
    nearest = before.superpixels[y * small[0] // shape[0], x * small[1] // shape[1]]
    np.testing.assert_array_equal(pool.superpixels, nearest)


def test_what_the_copy_shows_is_where_it_was():
    """A bright square, found by its brightness in the copy, is found in its place."""
    image = np.zeros((90, 120, 3), np.uint8)
    image[30:60, 45:90] = 200

    def propose(small: np.ndarray) -> CandidatePool:
        bright = small[None, :, :, 0] > 100
        return CandidatePool.from_masks(bright, "bright", one_per_box=True)

    pool = propose_at_most(image, 1200, propose)
    assert pool.one_per_box and pool.tight_boxes.tolist() == [[30, 45, 60, 90]]


@pytest.mark.parametrize("most", [20 * 30, 10_000])
def test_a_small_image_is_looked_at_as_it_is(most):
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    given = []
    pool = propose_at_most(image, most, lambda one: given.append(one) or _solid_pool(one))
    assert given[0] is image and pool.superpixels.shape == (20, 30)


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (2, 900)])
def test_a_very_thin_image(shape):
    pool = propose_at_most(np.zeros((*shape, 3), np.uint8), 50, _solid_pool)
    assert pool.superpixels.shape == shape
