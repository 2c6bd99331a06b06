"""Gaussian filtering on the permutohedral lattice, in TensorFlow operations only.

A. Adams, J. Baek, M. A. Davis. Fast High-Dimensional Filtering Using the Permutohedral Lattice.
Eurographics 2010. Points of d features are spread over the d + 1 lattice points around them
(splat), these are blurred along the lattice's d + 1 directions, and read again (slice).

A lattice point is known here by one int64 that is linear in its coordinates, so that a step along
a direction is an addition: to a neighbour, or round the vertices of a simplex, which are reached
by one step along every direction in turn.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

_MAX_KEY = 2.0**62


class Lattice(NamedTuple):
    """The M lattice points that N points of d features touch.

    Attributes:
        splat: sparse float32 [N, M + 1]: the d + 1 barycentric weights of every point. Lattice
            point M stands for all that no point touches.
        neighbours: int32 [d + 1, 2, M + 1]: lattice points one step back and forth along every
            direction.
    """

    splat: tf.SparseTensor
    neighbours: tf.Tensor


def build_lattice(features: tf.Tensor) -> Lattice:
    """Places points on the lattice.

    Args:
        features: float32 [d, N], in units of the Gaussian's standard deviation; N and d at
            least 1.
    """
    keys, weights, steps = _simplices(features)
    found = [tf.unique(keys_of_vertex) for keys_of_vertex in keys]  # no two share a point
    sizes = tf.stack([tf.size(part.y) for part in found])
    offsets = tf.unstack(tf.cumsum(sizes, exclusive=True), num=len(found))
    columns = [part.idx + offset for part, offset in zip(found, offsets, strict=True)]
    columns = tf.reshape(tf.stack(columns, axis=1), [-1])
    num_points = tf.shape(features, tf.int64)[1]
    rows = tf.repeat(tf.range(num_points), len(keys))
    gain = 1 / (1 + 2.0 ** (1 - len(keys)))  # the authors' correction of the blur's sum
    splat = tf.SparseTensor(
        tf.stack([rows, tf.cast(columns, tf.int64)], axis=1),
        tf.reshape(tf.stack(weights, axis=1), [-1]) * gain**0.5,
        tf.stack([num_points, tf.cast(tf.reduce_sum(sizes), tf.int64) + 1]),
    )
    return Lattice(splat, _neighbours(tf.concat([part.y for part in found], 0), steps))


def scale_points(lattice: Lattice, factors: tf.Tensor) -> Lattice:
    """The lattice of the filter diag(factors) K diag(factors); factors: float32 [N]."""
    splat = lattice.splat
    values = splat.values * tf.gather(factors, splat.indices[:, 0])
    return lattice._replace(splat=splat.with_values(values))


def filter_values(lattice: Lattice, values: tf.Tensor) -> tf.Tensor:
    """Every value becomes the sum of all, weighted by exp(-distance^2 / 2) of their features.

    Values are float32 [N, C], before and after.
    """
    spread = tf.sparse.sparse_dense_matmul(lattice.splat, values, adjoint_a=True)
    for back, forth in map(tf.unstack, tf.unstack(lattice.neighbours)):
        spread += 0.5 * (tf.gather(spread, back) + tf.gather(spread, forth))
    return tf.sparse.sparse_dense_matmul(lattice.splat, spread)


def _simplices(features: tf.Tensor) -> tuple[list[tf.Tensor], ...]:
    """The simplex around every point.

    Returns:
        keys of its d + 1 vertices (int64 [N] each) and their weights (float32 [N] each), the
        vertex of remainder 0 first, and what a step along every direction adds to a key.
    """
    quotients, remainders = _nearest_multiple(features)
    origin, steps = _pack(quotients)
    # A step along the direction of the largest remainder leaves the vertex d for the vertex 0.
    steps_of_points = [tf.broadcast_to(step, tf.shape(origin)) for step in steps]
    for i, j in itertools.combinations(range(len(steps)), 2):
        a, b = remainders[i], remainders[j]
        step_a, step_b = steps_of_points[i], steps_of_points[j]
        swap = a < b
        remainders[i], remainders[j] = tf.maximum(a, b), tf.minimum(a, b)
        steps_of_points[i] = tf.where(swap, step_b, step_a)
        steps_of_points[j] = tf.where(swap, step_a, step_b)
    # Now in descending order. The vertices follow by steps from the smallest remainder's on.
    keys, weights = [origin], [1 + remainders[-1] - remainders[0]]
    for smaller, larger, step in zip(
        remainders[:0:-1], remainders[-2::-1], steps_of_points[:0:-1], strict=True
    ):
        keys.append(keys[-1] + step)
        weights.append(larger - smaller)
    return keys, weights, steps


def _nearest_multiple(features: tf.Tensor) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """The lattice point of remainder 0 next to every point, among those of its simplex.

    Returns:
        its d + 1 coordinates by d + 1, which sum to 0 (int32 [N] each), and what is left of the
        point's coordinates, by d + 1 (float32 [N] each; largest and smallest differ by at most 1).
    """
    num_features = features.shape[0]
    elevated = tf.unstack(tf.matmul(_elevation(num_features), features))
    rounded = [tf.round(coordinate) for coordinate in elevated]
    remainders = [a - b for a, b in zip(elevated, rounded, strict=True)]
    quotients = [tf.cast(coordinate, tf.int32) for coordinate in rounded]
    # Where they do not sum to 0, those rounded furthest are rounded the other way.
    ranks = [tf.add_n(quotients)] * (num_features + 1)
    for i, j in itertools.combinations(range(num_features + 1), 2):
        less = tf.cast(remainders[i] < remainders[j], tf.int32)
        ranks[i], ranks[j] = ranks[i] + less, ranks[j] + 1 - less
    for i, rank in enumerate(ranks):
        turn = tf.cast(rank < 0, tf.int32) - tf.cast(rank > num_features, tf.int32)
        quotients[i] += turn
        remainders[i] -= tf.cast(turn, tf.float32)
    return quotients, remainders


def _elevation(num_features: int) -> tf.Tensor:
    """float32 [d + 1, d]: from features to coordinates by d + 1, which sum to 0."""
    # The blur has a standard deviation of (d + 1) sqrt(2 / 3) along every axis.
    matrix = np.zeros([num_features + 1, num_features])
    for j in range(num_features):
        scale = np.sqrt(2 / 3 / ((j + 1) * (j + 2)))
        matrix[: j + 1, j] = scale
        matrix[j + 1, j] = -(j + 1) * scale
    return tf.constant(matrix, tf.float32)


def _pack(quotients: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Keys of lattice points of remainder 0, and what a step along every direction adds.

    All d + 1 coordinates of a lattice point have one remainder by d + 1, and their sum is 0. So it
    is known by coordinate d - 1, and by how many times d + 1 the coordinates before exceed it.
    A step along direction i takes d + 1 from coordinate i, and adds 1 to each.
    """
    *others, last, _ = quotients
    num_vertices = len(quotients)
    digits = tf.stack([other - last for other in others] + [last * num_vertices])
    margin = num_vertices + 1  # for the vertices and neighbours
    lowest = tf.reduce_min(digits, axis=1, keepdims=True) - margin
    sizes = tf.reduce_max(digits - lowest, axis=1) + margin + 1
    fits = tf.debugging.assert_less(
        tf.reduce_prod(tf.cast(sizes, tf.float64)),
        tf.constant(_MAX_KEY, tf.float64),
        "the image is too large for a Gaussian that is so narrow",
    )
    with tf.control_dependencies([fits] if fits is not None else []):
        strides = tf.math.cumprod(tf.cast(sizes, tf.int64), exclusive=True)
    keys = tf.reduce_sum(tf.cast(digits - lowest, tf.int64) * strides[:, None], axis=0)
    *of_others, of_last = tf.unstack(strides)
    steps = [of_last - stride for stride in of_others]
    steps.append(of_last * (1 - num_vertices) + tf.reduce_sum(strides[:-1]))
    return keys, [*steps, of_last]


def _neighbours(points: tf.Tensor, steps: Sequence[tf.Tensor]) -> tf.Tensor:
    """`Lattice.neighbours` of the keys of M lattice points (int64 [M], all different)."""
    count = tf.size(points)
    order = tf.argsort(points)
    ordered = tf.gather(points, order)
    order = tf.concat([order, [count]], axis=0)
    nowhere = tf.fill([count + 1], count)
    ordered_or_none = tf.concat([ordered, [tf.int64.max]], axis=0)
    directions = []
    for step in steps:
        wanted = ordered + step
        place = tf.searchsorted(ordered, wanted)
        place = tf.where(tf.gather(ordered_or_none, place) == wanted, place, count)
        start, end = order[:-1, None], tf.gather(order, place)[:, None]
        forth = tf.tensor_scatter_nd_update(nowhere, start, end[:, 0])
        back = tf.tensor_scatter_nd_update(nowhere, end, start[:, 0])
        # Many a step ends nowhere.
        directions.append([tf.concat([back[:-1], [count]], axis=0), forth])
    return tf.stack(directions)
