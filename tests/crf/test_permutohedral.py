"""The lattice against sums over all pairs, and what the paper proves of it."""

import numpy as np
import pytest
import tensorflow as tf

from boxsup_tf.crf.permutohedral import build_lattice, filter_values


def brute_force(features: np.ndarray, values: np.ndarray) -> np.ndarray:
    """float64 [N, C]: Gaussian sums of values [N, C] at features [d, N]."""
    squares = np.square(features[:, :, None] - features[:, None]).sum(0)
    return np.exp(-squares / 2) @ values


def dense(num_features: int, rng: np.random.Generator) -> np.ndarray:
    """Points so close together that no lattice point between them is missing."""
    side = {1: 4000, 2: 60, 3: 16}[num_features]
    axes = np.meshgrid(*[np.linspace(0, 3, side)] * num_features)
    features = np.stack([axis.ravel() for axis in axes])
    return (features + rng.normal(0, 1e-3, features.shape)).astype(np.float32)


@pytest.mark.parametrize("num_features", [1, 2, 3])
def test_filters_like_a_gaussian(num_features):
    """Adams et al., Sec. 3: the filter is a Gaussian but for a small relative error."""
    rng = np.random.default_rng(num_features)
    features = dense(num_features, rng)
    values = np.stack([np.ones(features.shape[1]), features[0] > 1.3], axis=1).astype(np.float32)
    found = filter_values(build_lattice(tf.constant(features)), tf.constant(values)).numpy()
    expected = brute_force(features, values)
    # The lattice's Gaussian is of another volume; the CRF normalises that away.
    gain = found[:, 0].sum() / expected[:, 0].sum()
    assert np.abs(found / gain - expected).mean() < 0.05 * expected[:, 0].mean()


def test_distant_points_do_not_meet():
    features = tf.constant([[0.0, 0.0, 100.0], [0.0, 0.1, -50.0]])
    lattice = build_lattice(features)
    found = filter_values(lattice, tf.constant([[1.0], [0.0], [0.0]])).numpy()[:, 0]
    assert found[0] > found[1] > 0.3 and found[2] == 0


@pytest.mark.parametrize("num_features", [1, 2, 5])
def test_weights_and_neighbours(num_features):
    rng = np.random.default_rng(5)
    features = rng.normal(0, 3, (num_features, 500)).astype(np.float32)
    lattice = build_lattice(tf.constant(features))
    splat = lattice.splat
    weights = splat.values.numpy().reshape(500, -1)
    assert weights.shape[1] == num_features + 1 and weights.min() > -1e-6
    gain = 1 / (1 + 2.0**-num_features)
    np.testing.assert_allclose(weights.sum(1), gain**0.5, rtol=1e-5)
    vertices = splat.indices.numpy()[:, 1].reshape(500, -1)
    neighbours = lattice.neighbours.numpy()
    nowhere = splat.dense_shape[1].numpy() - 1
    assert vertices.max() == nowhere - 1  # every lattice point is touched
    for back, forth in neighbours:
        assert back[nowhere] == forth[nowhere] == nowhere
        there = np.flatnonzero(forth < nowhere)
        np.testing.assert_array_equal(back[forth[there]], there)
        there = np.flatnonzero(back < nowhere)
        np.testing.assert_array_equal(forth[back[there]], there)
    # One step along every direction in turn leads round the simplex.
    following = np.roll(vertices, -1, axis=1)
    steps = neighbours[:, 1][:, vertices] == following  # direction, point, vertex
    assert (steps.sum(axis=0) == 1).all() and (steps.sum(axis=2) == 1).all()


def test_interpolation_is_continuous():
    """Moving a point a little moves its value a little: weights vanish where simplices meet."""
    line = np.linspace(0, 4, 3001, dtype=np.float32)
    features = np.stack([line, 0.7 * line, -0.3 * line])
    values = np.sin(2 * line)[:, None].astype(np.float32)
    found = filter_values(build_lattice(tf.constant(features)), tf.constant(values)).numpy()[:, 0]
    assert np.abs(np.diff(found)).max() < 0.01 * np.ptp(found)


def test_too_narrow_a_gaussian_is_refused():
    features = np.random.default_rng(6).uniform(0, 1e6, (5, 40)).astype(np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large for a Gaussian"):
        build_lattice(tf.constant(features))
