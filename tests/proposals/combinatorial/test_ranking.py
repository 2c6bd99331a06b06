"""combinatorial.ranking: the network's numbers, and an order that spreads over the image."""

import pathlib

import keras
import numpy as np
import pytest

from boxsup_tf.proposals.combinatorial import ranking
from boxsup_tf.proposals.combinatorial.features import Described
from boxsup_tf.proposals.combinatorial.ranking import diverse_order, load_ranker, make_ranker
from tests.proposals.combinatorial.made_up import num_features


def _candidates(boxes: list, areas: list) -> Described:
    nothing = np.zeros((len(boxes), 1))
    return Described(
        nothing.astype(bool),
        nothing.astype(np.float32),
        np.array(boxes, np.float32),
        np.array(areas, np.float32),
    )


def _random_candidates(seed: int, num: int) -> tuple[Described, np.ndarray]:
    """Families of boxes that differ by a few pixels; some estimates are equal."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 200, (num // 10, 2)).repeat(10, 0)
    sides = np.exp(rng.uniform(1.5, 5, (num // 10, 2))).repeat(10, 0)
    corners = corners + rng.integers(-3, 4, corners.shape)
    sides = np.maximum(np.round(sides) + rng.integers(-3, 4, sides.shape), 1)
    areas = np.maximum(np.round(sides.prod(axis=1) * rng.uniform(0.4, 1, num)), 1)
    boxes = np.concatenate([corners, corners + sides], axis=1)
    return _candidates(boxes, areas), np.round(rng.random(num), 2).astype(np.float32)


def _network(seed: int) -> keras.Sequential:
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input([5]),
            keras.layers.Dense(7, activation="relu", bias_initializer="normal"),
            keras.layers.Dense(6, activation="relu", bias_initializer="normal"),
            keras.layers.Dense(1, bias_initializer="normal"),
        ]
    )


@pytest.mark.parametrize("num_networks", [1, 3])
def test_estimates_are_the_mean_of_keras_networks(num_networks):
    networks = [_network(seed) for seed in range(num_networks)]
    features = np.random.default_rng(0).normal(2, 3, (40, 5)).astype(np.float32)
    mean, scale = features.mean(axis=0), features.std(axis=0)
    layers = list(zip(*(network.get_weights() for network in networks), strict=True))
    arrays = {"mean": mean, "scale": scale}
    arrays |= {f"kernel{i}": np.stack(layers[2 * i]) for i in range(3)}
    arrays |= {f"bias{i}": np.stack(layers[2 * i + 1]) for i in range(3)}
    estimates = make_ranker(arrays).estimate(features)
    assert estimates.shape == (40,) and estimates.dtype == np.float32
    normalised = (features - mean) / scale
    expected = np.mean([network(normalised).numpy()[:, 0] for network in networks], axis=0)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(estimates, expected, atol=1e-5)


@pytest.mark.parametrize("edges", ["hed", "gradient", "structured"])
@pytest.mark.parametrize(("method", "num_maps", "num_trees"), [("mcg", 4, 7), ("scg", 1, 1)])
def test_the_weights_that_come_with_the_package(method, num_maps, num_trees, edges):
    ranker = load_ranker(method, edges)
    own = "hed" if edges == "structured" else edges  # structured has none of its own
    path = pathlib.Path(ranking.__file__).parent / f"ranker_{method}_{own}.npz"
    with np.load(path) as arrays:
        np.testing.assert_array_equal(ranker.kernels[0], arrays["kernel0"].astype(np.float32))
        np.testing.assert_array_equal(ranker.biases[-1], arrays["bias2"].astype(np.float32))
    known = num_features(num_maps, num_trees)
    assert ranker.mean.shape == ranker.scale.shape == (known,) and (ranker.scale > 0).all()
    features = np.random.default_rng(0).normal(0, 2, (50, known)) * ranker.scale + ranker.mean
    estimates = ranker.estimate(features.astype(np.float32))
    assert np.isfinite(estimates).all() and np.ptp(estimates) > 0.05


def _relevance_slowly(candidates: Described, estimates: np.ndarray) -> dict[int, float]:
    """Of every candidate that stays: grid by grid, with cells as tuples."""
    relevance: dict[int, float] = {}
    for i in range(8):
        side = 2 ** (1 - i / 2)
        cells: dict[tuple, list[int]] = {}
        for n, (box, area) in enumerate(zip(candidates.boxes, candidates.areas, strict=True)):
            level = round(float(np.log(area)) / side)
            step = np.exp(level * side / 2) * side
            cell = (level, *(round(float(corner / step)) for corner in box))
            cells.setdefault(cell, []).append(n)
        for inside in cells.values():
            if not relevance.keys() & set(inside):
                best = min(inside, key=lambda n: (-estimates[n], n))
                relevance[best] = float(estimates[best]) - 0.08 * i
    return relevance


@pytest.mark.parametrize("seed", range(4))
def test_the_order_is_that_of_a_slow_walk_through_the_grids(seed):
    candidates, estimates = _random_candidates(seed, 400)
    order = diverse_order(candidates, estimates, 400)
    relevance = _relevance_slowly(candidates, estimates)
    assert order.dtype == np.int64 and 50 < len(order) < 400
    assert sorted(order.tolist()) == sorted(relevance)
    assert np.diff([relevance[n] for n in order.tolist()]).max() < 1e-6
    np.testing.assert_array_equal(diverse_order(candidates, estimates, 400), order)


def test_no_repeats_the_limit_and_the_best_first():
    candidates, estimates = _random_candidates(9, 500)
    whole = diverse_order(candidates, estimates, 500)
    assert len(np.unique(whole)) == len(whole)
    assert whole[0] == np.argmax(estimates)
    for limit in (1, 2, 37):
        np.testing.assert_array_equal(diverse_order(candidates, estimates, limit), whole[:limit])


def test_copies_of_the_best_come_behind_others():
    boxes = [
        [10, 10, 60, 60],
        [11, 10, 61, 60],
        [10, 11, 60, 61],
        [200, 200, 260, 240],
        [10, 10, 60, 60],
        [12, 300, 20, 310],
    ]
    candidates = _candidates(boxes, [2500, 2490, 2480, 2000, 2500, 70])
    estimates = np.array([0.9, 0.88, 0.87, 0.81, 0.89, 0.805], np.float32)
    order = diverse_order(candidates, estimates, 6).tolist()
    assert order[:3] == [0, 3, 5]
    assert 4 not in order, "the same box and area is no other candidate"


def test_a_part_of_the_best_in_its_own_place_is_no_copy():
    candidates = _candidates([[0, 0, 100, 100], [0, 0, 25, 25]], [9000, 600])
    estimates = np.array([0.9, 0.3], np.float32)
    assert diverse_order(candidates, estimates, 9).tolist() == [0, 1]


def test_one_candidate():
    candidates = _candidates([[0, 0, 1, 1]], [1])
    assert diverse_order(candidates, np.array([-3], np.float32), 5).tolist() == [0]
