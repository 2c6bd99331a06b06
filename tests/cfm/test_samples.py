"""cfm.samples: which segments are learnt from, and as what."""

import dataclasses

import numpy as np

from boxsup_tf.cfm.overlaps import Overlaps
from boxsup_tf.cfm.samples import draw_segments, pursue


def _found(iou: list, purity: list, labels=(7,), stuff=(3,)) -> Overlaps:
    """Segments that do not overlap one another, each a superpixel of ten pixels."""
    count = len(iou)
    return Overlaps(
        np.arange(count).repeat(10).reshape(1, -1),
        np.eye(count, dtype=bool),
        np.full(count, 10),
        np.array(labels),
        np.array(iou, float).reshape(count, len(labels)),
        np.array(stuff),
        np.array(purity, float).reshape(count, len(stuff)),
    )


def test_kinds_by_the_papers_numbers():
    # Of the object; pure; neither; and four that are nothing: between the bounds.
    found = _found(
        [0.5, 0.9, 0.1, 0.29, 0.3, 0.49, 0.0, 0.2],
        [0.9, 0.0, 0.7, 0.29, 0.0, 0.0, 0.6, 0.3],
    )
    rows, labels = draw_segments(found, 10, np.random.default_rng(0))
    assert dict(zip(rows.tolist(), labels.tolist(), strict=True)) == {0: 7, 1: 7, 2: 3, 3: 0}


def test_a_segment_is_of_the_object_that_it_overlaps_most():
    found = _found([[0.6, 0.0], [0.0, 0.8], [0.0, 0.0]], [[]] * 3, (4, 9), ())
    rows, labels = draw_segments(found, 10, np.random.default_rng(0))
    assert dict(zip(rows.tolist(), labels.tolist(), strict=True)) == {0: 4, 1: 9, 2: 0}


def test_no_more_than_asked_of_each_kind_and_others_each_time():
    found = _found([0.8] * 30 + [0.0] * 60, [0.0] * 30 + [0.9] * 30 + [0.0] * 30)
    draws = [draw_segments(found, 5, np.random.default_rng(seed)) for seed in (0, 1, 0)]
    for _, labels in draws:
        assert np.unique(labels, return_counts=True)[1].tolist() == [5, 5, 5]
    assert draws[0][0].tolist() == draws[2][0].tolist() != draws[1][0].tolist()


def test_of_what_is_void_nothing_is_learnt():
    found = _found([0.0, 0.0], [0.0, 0.0])
    found = dataclasses.replace(found, sizes=np.array([0, 10]))
    rows, labels = draw_segments(found, 10, np.random.default_rng(0))
    assert (rows.tolist(), labels.tolist()) == ([1], [0])


def test_an_image_without_objects_or_stuff():
    found = _found([[]] * 4, [[]] * 4, (), ())
    rows, labels = draw_segments(found, 10, np.random.default_rng(0))
    assert sorted(rows) == [0, 1, 2, 3] and not labels.any()


def test_pursuit_is_compact():
    rng = np.random.default_rng(0)
    membership = rng.uniform(size=(40, 200)) < rng.uniform(0.02, 0.3, (40, 1))
    sizes = rng.integers(1, 50, 200)
    areas = membership @ sizes
    seen = set()
    for seed in range(20):
        chosen = pursue(membership, sizes, np.random.default_rng(seed))
        seen |= {*chosen}
        both = (membership[chosen] * sizes) @ membership[chosen].T
        iou = both / (areas[chosen][:, None] + areas[chosen] - both)
        assert (iou[~np.eye(len(chosen), dtype=bool)] < 0.2).all()
        # It stopped when what was left was small: all others overlap one of them or are.
        for row in set(range(40)) - {*chosen}:
            common = (membership[chosen] * sizes) @ membership[row]
            near = common / (areas[chosen] + areas[row] - common) >= 0.2
            assert near.any() or areas[row] < areas.mean()
    assert len(seen) > len(chosen)
    large = [areas[pursue(membership, sizes, np.random.default_rng(s))[0]] for s in range(200)]
    # A first draw by area has the mean area sum(a^2) / sum(a), not the mean of all.
    expected, every = (areas**2).sum() / areas.sum(), areas.mean()
    assert abs(np.mean(large) - expected) < abs(expected - every) / 2
    assert pursue(membership[:0], sizes, rng) == []
