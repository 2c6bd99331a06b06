"""geodesic.level_sets: against a search for gaps one by one, and on known distances."""

import itertools
import math

import numpy as np
import pytest

from boxsup_tf.proposals.geodesic import distances
from boxsup_tf.proposals.geodesic.level_sets import critical_level_sets
from tests.proposals.combinatorial.made_up import make_partition


def _one_by_one(signed: np.ndarray, areas: np.ndarray, num: int) -> list[tuple[int, int, set]]:
    found = []
    for seed, values in enumerate(signed):
        best: dict[int, tuple[float, set]] = {}
        levels = sorted(set(np.round(values, 9).tolist()))
        for low, high in itertools.pairwise(levels):
            inside = np.round(values, 9) <= low
            area_class = math.floor(math.log(areas[inside].sum()) / math.log(1.2))
            if high - low > best.get(area_class, (1e-6, None))[0]:
                best[area_class] = (high - low, set(np.flatnonzero(inside).tolist()))
        widest = sorted(best.values(), key=lambda level: -level[0])[:num]
        found += [(seed, rank, region) for rank, (_, region) in enumerate(widest)]
    return found


@pytest.mark.parametrize("num", [1, 3, 1000])
@pytest.mark.parametrize("rounded", [True, False])
def test_are_the_widest_gaps_of_every_area_class(rounded, num):
    rng = np.random.default_rng(num)
    signed = rng.normal(size=(6, 40))
    if rounded:  # many superpixels at equal distance, which no level may part
        signed = np.round(signed, 1) + rng.permutation(40) * 1e-12
    areas = rng.integers(1, 90, 40).astype(float)
    members, seeds, ranks = critical_level_sets(signed, areas, num)
    expected = _one_by_one(signed, areas, num)
    assert list(zip(seeds.tolist(), ranks.tolist(), strict=True)) == [e[:2] for e in expected]
    if rounded:  # equal gaps: any of them may come first
        for region, seed in zip(members, seeds, strict=True):
            assert signed[seed][region].max() + 0.05 < signed[seed][~region].min()
    else:
        assert [set(np.flatnonzero(m).tolist()) for m in members] == [e[2] for e in expected]


def test_the_object_is_the_region_before_the_widest_gap():
    # Superpixels 0 .. 3 are inside a strong outline, 4 .. 6 outside.
    signed = np.array([[0.0, 0.1, 0.2, 0.3, 1.3, 1.4, 1.5]])
    members, seeds, ranks = critical_level_sets(signed, np.full(7, 100.0), 1)
    assert members.tolist() == [[True] * 4 + [False] * 3]
    assert seeds.tolist() == ranks.tolist() == [0]


@pytest.mark.parametrize("signed", [np.zeros((2, 1)), np.zeros((3, 5)), np.zeros((1, 2)) + 1e-9])
def test_no_gap_no_region(signed):
    members, seeds, ranks = critical_level_sets(signed, np.ones(signed.shape[1]), 4)
    assert members.shape == (0, signed.shape[1]) and seeds.size == ranks.size == 0


@pytest.mark.parametrize("seed", range(3))
def test_level_sets_of_signed_distances_are_connected(seed):
    partition = make_partition(seed, 24, 30, num_maps=1)
    graph = distances.step_graph(partition)
    _, from_seeds = distances.place_seeds(graph, 0, 20)
    neighbours = graph.toarray() > 0
    for background in distances.background_distances(graph, partition.superpixels):
        members, _, _ = critical_level_sets(from_seeds - background, partition.areas, 1000)
        assert len(members) > 20
        for region in members:
            reached = np.zeros(region.size, bool)
            reached[region.argmax()] = True
            for _ in range(region.size):
                reached |= region & neighbours[reached].any(axis=0)
            np.testing.assert_array_equal(reached, region)
