"""combinatorial.duplicates against one candidate at a time."""

import numpy as np
import pytest

from boxsup_tf.proposals.combinatorial import duplicates
from boxsup_tf.proposals.combinatorial.duplicates import first_of_each, first_of_similar


@pytest.mark.parametrize("width", [1, 7, 8, 21])
@pytest.mark.parametrize("num", [1, 2, 300])
def test_first_of_each_is_what_unique_finds(num, width):
    rng = np.random.default_rng(width)
    members = rng.random((num, width)) < 0.1
    expected = np.sort(np.unique(members, axis=0, return_index=True)[1])
    found = first_of_each(members)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)
    assert num < 300 or len(found) < num


def _families(seed: int, num: int, areas: np.ndarray) -> np.ndarray:
    """Sets of superpixels, many of which differ from another in one or two only."""
    rng = np.random.default_rng(seed)
    members = rng.random((num, areas.size)) < 0.5
    for i in range(1, num):
        if rng.random() < 0.8:
            members[i] = members[rng.integers(i)]
            members[i, rng.integers(0, areas.size, rng.integers(0, 3))] ^= True
    members[~members.any(axis=1), 0] = True
    return members


def _greedy(members: np.ndarray, areas: np.ndarray, hundredths: int) -> list[int]:
    """In whole numbers, so that an IoU of just the limit is no matter of rounding."""
    kept: list[int] = []
    for i, candidate in enumerate(members):
        shared = [int(areas[candidate & members[k]].sum()) for k in kept]
        union = [int(areas[candidate | members[k]].sum()) for k in kept]
        if not any(100 * s > hundredths * u for s, u in zip(shared, union, strict=True)):
            kept.append(i)
    return kept


@pytest.mark.parametrize("block", [256, 5])
@pytest.mark.parametrize("hundredths", [95, 80, 50])
def test_first_of_similar_keeps_what_a_greedy_walk_keeps(hundredths, block, monkeypatch):
    monkeypatch.setattr(duplicates, "_BLOCK", block)
    rng = np.random.default_rng(0)
    for seed, num_superpixels in ((0, 12), (1, 40), (2, 90)):
        areas = rng.integers(1, 30, num_superpixels)
        members = _families(seed, 150, areas)
        found = first_of_similar(members, areas.astype(np.float64), hundredths / 100)
        expected = _greedy(members, areas, hundredths)
        assert found.tolist() == expected
        assert 1 < len(expected) < 150


def test_an_iou_of_just_the_limit_is_not_too_much():
    areas = np.array([19.0, 1.0, 1.0])
    members = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1]], bool)  # IoU 19/20, 20/21, 19/21
    assert first_of_similar(members, areas, 0.95).tolist() == [0, 1]


def test_a_dropped_candidate_drops_no_other():
    """The first drops the second; the third is like the second only."""
    areas = np.ones(100)
    members = np.zeros((3, 100), bool)
    for i, size in enumerate((90, 93, 97)):
        members[i, :size] = True
    assert first_of_similar(members, areas, 0.95).tolist() == [0, 2]


def test_a_single_candidate_is_kept():
    assert first_of_similar(np.ones((1, 3), bool), np.ones(3), 0.95).tolist() == [0]
