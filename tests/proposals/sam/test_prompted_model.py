"""proposals.sam.prompted_model: the geometry that models share."""

import numpy as np
import pytest

from boxsup_tf.proposals.sam.prompted_model import mask_of, padded_square, scaled_size


def test_the_longer_side_becomes_the_models():
    assert scaled_size((300, 400), 64) == (48, 64)
    assert scaled_size((1, 1), 64) == (64, 64)
    assert scaled_size((1, 4000), 64) == (1, 64)


def test_an_image_is_normalised_and_padded_with_zeros():
    image = np.full((30, 40, 3), (255, 0, 127), np.uint8)
    square = padded_square(image, 64, 64)
    assert square.shape == (64, 64, 3) and square.dtype == np.float32
    assert (square[:48] == square[0, 0]).all()
    expected = [(255 - 123.675) / 58.395, -116.28 / 57.12, (127 - 103.53) / 57.375]
    np.testing.assert_allclose(square[0, 0], expected, rtol=1e-5)
    assert not square[48:].any()
    smaller = padded_square(image, 64, 32)
    assert (smaller[:24, :32] == square[0, 0]).all()
    assert np.count_nonzero(smaller.any(axis=2)) == 24 * 32


@pytest.mark.parametrize("size", [(30, 40), (64, 64), (600, 200), (1, 50), (1, 1)])
def test_a_mask_of_the_padded_square_comes_back_in_the_image(size):
    _, width = size
    _, right = scaled_size(size, 64)
    logits = np.where(np.arange(16)[None, :] * 4 < right / 2, 5.0, -5.0).repeat(16, axis=0)
    mask = mask_of(logits.astype(np.float32), 64, size)
    assert mask.shape == size and mask.dtype == np.bool_
    assert abs(np.count_nonzero(mask[0]) - width / 2) <= max(1, width * 4 / right)
    assert (mask == mask[:1]).all()
