"""records.same_size: who goes together, and who waits."""

import collections

import numpy as np
import pytest

from boxsup_tf.records.same_size import Group, same_size_groups


def sized(item: tuple[int, int]) -> Group:
    return Group((item[1], 1))


@pytest.mark.parametrize("most_waiting", [0, 5, 1000])
@pytest.mark.parametrize("most_together", [1, 2, 7])
def test_every_item_comes_once_with_others_of_its_size(most_together, most_waiting):
    items = list(enumerate(np.random.default_rng(0).integers(1, 5, 100).tolist()))
    found = list(same_size_groups(items, sized, lambda _: most_together, most_waiting))
    assert sorted(item for _, group in found for item in group) == items
    for group, members in found:
        assert 1 <= len(members) <= most_together
        assert {size for _, size in members} == {group.size[0]}
        assert members == sorted(members)
    if most_waiting == 1000:  # no group but a size's last one is smaller than it may be
        groups = collections.Counter(group for group, _ in found)
        sizes = collections.Counter(size for _, size in items)
        assert {group.size[0]: count for group, count in groups.items()} == {
            size: -(-count // most_together) for size, count in sizes.items()
        }


def test_who_has_waited_longest_goes_when_too_many_pixels_wait():
    items = list(enumerate([3, 2, 3, 4, 2, 2]))
    found = same_size_groups(items, sized, lambda _: 3, most_waiting=11)
    # Before the fourth item 8 pixels wait, with it 12.
    assert [[number for number, _ in members] for _, members in found] == [[0, 2], [1, 4, 5], [3]]


def test_groups_differ_by_kind_and_have_limits_of_their_own():
    items = list("aAbBcC")
    found = same_size_groups(
        items,
        lambda item: Group((9, 9), item.isupper()),
        lambda group: 2 if group.kind else 1,
        1000,
    )
    assert ["".join(members) for _, members in found] == ["a", "b", "AB", "c", "C"]
