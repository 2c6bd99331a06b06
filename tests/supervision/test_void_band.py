"""supervision.void_band: against a search of every pixel's neighbours."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.labels import VOID
from boxsup_tf.supervision.void_band import with_void_band


def _by_pixel(label_map: np.ndarray, width: int) -> np.ndarray:
    made = label_map.copy()
    for y, x in np.ndindex(label_map.shape):
        rows, columns = (
            slice(max(y - width, 0), y + width + 1),
            slice(max(x - width, 0), x + width + 1),
        )
        if len(set(label_map[rows, columns].ravel()) - {VOID}) > 1:
            made[y, x] = VOID
    return made


@pytest.mark.parametrize("width", [0, 1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_equals_a_search_of_neighbours(seed, width):
    rng = np.random.default_rng(seed)
    coarse = rng.choice([0, 0, 0, 1, 3, VOID], (4, 5))
    label_map = np.kron(coarse, np.ones((5, 4), int))[: rng.integers(1, 20), : rng.integers(1, 20)]
    made = with_void_band(tf.constant(label_map, tf.int32), width).numpy()
    np.testing.assert_array_equal(made, _by_pixel(label_map, width))


def test_no_outline_no_band():
    label_map = np.full((6, 7), 2)
    label_map[:, 3:] = VOID
    np.testing.assert_array_equal(with_void_band(tf.constant(label_map, tf.int32), 3), label_map)
