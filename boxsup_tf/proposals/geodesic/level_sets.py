"""Level sets of signed geodesic distances, taken where the front waits longest.

The region of a seed is where the distance from it, less that from the background, is below a
level. As the level rises, the region fills an object and then stays the same until the level
lifts it over the object's outline: a wide gap between one superpixel's distance and the next
one's.
"""

import numpy as np

_GROWTH = 1.2  # from one area class to the next: two levels of one class are much the same
_LEAST_GAP = 1e-6  # far above rounding errors, which would tear regions at equal distances


def critical_level_sets(
    distances: np.ndarray, areas: np.ndarray, num: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The level sets before the widest gaps, at most one of each area class.

    Args:
        distances: float64 [S, R], signed distances of R superpixels for each of S seeds.
        areas: float64 [R], pixels.
        num: the most level sets of each seed.

    Returns:
        members: bool [N, R]; ordered by seed, and the level sets of a seed by falling gap.
        seeds: int64 [N], the row of `distances`.
        ranks: int64 [N], how many wider gaps the same seed has.
    """
    order = np.argsort(distances, axis=1, kind="stable")
    gaps = np.diff(np.take_along_axis(distances, order, axis=1), axis=1)
    grown = np.cumsum(areas[order], axis=1)[:, :-1]
    classes = np.floor(np.log(grown) / np.log(_GROWTH))
    seeds, counts = np.nonzero(gaps > _LEAST_GAP)
    gaps, classes = gaps[seeds, counts], classes[seeds, counts]
    widest_first = np.lexsort((-gaps, classes, seeds))
    keys = np.stack([seeds, classes], axis=1)[widest_first]
    starts = np.ones(len(keys), bool)
    starts[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    of_class = widest_first[starts]
    of_seed = of_class[np.lexsort((-gaps[of_class], seeds[of_class]))]
    seeds, counts = seeds[of_seed], counts[of_seed]
    ranks = np.arange(seeds.size) - np.searchsorted(seeds, seeds)
    seeds, counts, ranks = (values[ranks < num] for values in (seeds, counts, ranks))
    places = np.argsort(order, axis=1, kind="stable")  # of every superpixel in its seed's order
    return places[seeds] <= counts[:, None], seeds, ranks
