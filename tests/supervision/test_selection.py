"""supervision.selection: who may be chosen, and how the draw falls."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from boxsup_tf.supervision.selection import RECTANGLE, choose, eligible_candidates

_MIN_P = 1e-4  # seeds are fixed: a fair draw passes for ever


def _choose(cost, eligible=None, ids=None, seed=0, update=0, k=5) -> np.ndarray:
    cost = np.asarray(cost, np.float32)
    eligible = np.ones(cost.shape, bool) if eligible is None else np.asarray(eligible, bool)
    ids = [f"0/image#{b}" for b in range(len(cost))] if ids is None else ids
    return choose(
        tf.constant(cost),
        tf.constant(eligible),
        tf.constant(ids, tf.string),
        tf.constant(seed, tf.int64),
        tf.constant(update, tf.int64),
        tf.constant(k),
    ).numpy()


def _same_costs(num_boxes: int) -> np.ndarray:
    """Seven candidates; from the best to the worst: 3, 0, 6, 1, 5, 2, 4."""
    return np.tile([0.2, 0.4, 0.6, 0.1, 0.7, 0.5, 0.3], (num_boxes, 1))


@pytest.mark.parametrize("k", [2, 5, 7])
def test_uniform_over_boxes_among_the_k_best(k):
    best = [3, 0, 6, 1, 5, 2, 4][:k]
    counts = np.bincount(_choose(_same_costs(7000), k=k), minlength=7)
    assert counts.sum() == counts[best].sum() == 7000
    assert stats.chisquare(counts[best]).pvalue > _MIN_P


def test_uniform_over_updates_and_over_seeds():
    for name in ("update", "seed"):
        drawn = [_choose(_same_costs(1), k=5, **{name: i})[0] for i in range(3000)]
        counts = np.bincount(drawn, minlength=7)[[3, 0, 6, 1, 5]]
        assert counts.sum() == 3000
        assert stats.chisquare(counts).pvalue > _MIN_P


def test_draws_are_independent_of_each_other():
    costs = _same_costs(8000)
    first = _choose(costs)
    others = {
        "next update": _choose(costs, update=1),
        "next seed": _choose(costs, seed=1),
        "next box": np.roll(first, 1),
        "other image": _choose(costs, ids=[f"0/other#{b}" for b in range(8000)]),
    }
    for name, other in others.items():
        table = np.zeros((7, 7))
        np.add.at(table, (first, other), 1)
        table = table[np.ix_([3, 0, 6, 1, 5], [3, 0, 6, 1, 5])]
        assert stats.chi2_contingency(table).pvalue > _MIN_P, name


def test_does_not_depend_on_order_batch_or_shard():
    rng = np.random.default_rng(0)
    cost, eligible = rng.random((40, 12)), rng.random((40, 12)) < 0.6
    ids = [f"1/image{b // 3}#{b % 3}" for b in range(40)]
    together = _choose(cost, eligible, ids, seed=4, update=2)
    alone = [
        _choose(cost[b : b + 1], eligible[b : b + 1], ids[b : b + 1], 4, 2)[0] for b in range(40)
    ]
    np.testing.assert_array_equal(alone, together)
    order = rng.permutation(40)
    for shard in np.array_split(order, 3):
        chosen = _choose(cost[shard], eligible[shard], [ids[b] for b in shard], 4, 2)
        np.testing.assert_array_equal(chosen, together[shard])


def test_only_eligible_candidates_among_the_k_best_of_them():
    rng = np.random.default_rng(1)
    cost, eligible = rng.random((500, 9)), rng.random((500, 9)) < 0.3
    for k in (1, 3, 9, 50):
        for b, chosen in enumerate(_choose(cost, eligible, k=k)):
            may = np.flatnonzero(eligible[b])
            best = may[np.argsort(cost[b, may])][:k]
            assert chosen in best if len(may) else chosen == RECTANGLE


def test_more_than_are_eligible_are_drawn_uniformly():
    eligible = np.tile([True, False, False, True, True, False, False], (6000, 1))
    counts = np.bincount(_choose(_same_costs(6000), eligible, k=5), minlength=7)
    assert counts[[0, 3, 4]].sum() == 6000
    assert stats.chisquare(counts[[0, 3, 4]]).pvalue > _MIN_P


def test_greedy_takes_the_lower_number_of_equals():
    cost = [[3.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0], [-2.0, -3.0, -3.0, 9.0]]
    assert _choose(cost, k=1).tolist() == [1, 0, 1]
    eligible = [[1, 0, 1, 1], [0, 0, 1, 1], [1, 0, 0, 0]]
    assert _choose(cost, eligible, k=1).tolist() == [2, 2, 0]


def test_infinite_and_huge_costs_still_beat_ineligible_candidates():
    cost = [[0.0, 1e30, np.inf]]
    assert _choose(cost, [[False, True, True]], k=1).tolist() == [1]
    drawn = {_choose(cost, [[False, True, True]], update=u, k=2)[0] for u in range(50)}
    assert drawn == {1, 2}


def test_nothing_to_choose_from():
    assert _choose(np.zeros((3, 0))).tolist() == [RECTANGLE] * 3
    assert _choose(np.zeros((0, 4)), ids=[]).tolist() == []
    assert _choose(np.zeros((2, 3)), np.zeros((2, 3))).tolist() == [RECTANGLE] * 2


def test_draws_never_change():
    """Labellings must be the same on every machine and in every version."""
    drawn = _choose(_same_costs(6), seed=7, update=3)
    assert drawn.tolist() == [5, 1, 5, 1, 6, 0]


def _eligible(overlap_cost, one_per_box, *limits) -> list:
    cost = tf.constant(overlap_cost, tf.float32)
    return eligible_candidates(cost, tf.constant(one_per_box), *limits).numpy().tolist()


def test_eligible_by_box_overlap_or_the_best_there_is():
    cost = [[0.1, 0.5, 0.51, 1.0], [0.9, 0.6, 0.7, 0.6], [1.0, 1.0, 1.0, 1.0]]
    assert _eligible(cost, False, 0.5) == [
        [True, True, False, False],  # an IoU of exactly the smallest is enough
        [False, True, False, True],  # none is near enough: the best, here two
        [False] * 4,  # none overlaps the box
    ]
    assert _eligible(cost, False, 0.0) == [[True, True, True, False], [True] * 4, [False] * 4]


def test_eligible_in_a_pool_of_one_candidate_per_box_is_its_own():
    cost = [[0.9, 0.0, 0.0], [0.0, 0.9, 0.0], [0.0, 0.0, 0.9]]
    assert _eligible(cost, True, 0.5) == np.eye(3, dtype=bool).tolist()


def test_eligible_of_nothing():
    for shape in ((0, 3), (3, 0), (0, 0)):
        for one_per_box in (False, True):
            cost = tf.zeros(shape)
            assert eligible_candidates(cost, tf.constant(one_per_box), 0.5).shape == shape
