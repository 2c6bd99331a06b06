"""The ranker's features of a candidate: shape, outline, interior, and origin.

Everything is a sum over superpixels or over boundaries, so that all candidates are described by
a few matrix products. The ideas are those of J. Pont-Tuset et al., TPAMI 2017, Sec. 6 (size and
position, shape, contour strength); colour, and what happens inside, are added.
"""

import dataclasses

import numpy as np

from boxsup_tf.proposals.combinatorial.merging import node_members
from boxsup_tf.proposals.combinatorial.partition import Partition

_CHUNK = 2048  # candidates described at a time; bounds the memory to some 20 MB


@dataclasses.dataclass(frozen=True)
class Described:
    """Distinct candidates with their features.

    Attributes:
        members: bool [N, R].
        features: float32 [N, F].
        boxes: float32 [N, 4], tight boxes, yxyx half-open, pixels.
        areas: float32 [N], pixels.
    """

    members: np.ndarray
    features: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray


def describe(
    partition: Partition, trees: list[np.ndarray], combinations: list[np.ndarray]
) -> Described:
    """Describes the combinations of all trees, the same region once, by the first tree's.

    Args:
        partition: R superpixels, M edge maps.
        trees: see `merging`.
        combinations: for each tree, see `tuples.combine`.
    """
    codes = np.random.default_rng(0).integers(0, 2**63, partition.num_superpixels, np.uint64)
    seen = np.zeros(0, np.uint64)
    parts = []
    for index, (parents, nodes) in enumerate(zip(trees, combinations, strict=True)):
        inside = node_members(parents)
        # A region's code is the exclusive or of its superpixels' random numbers.
        code = np.append(np.bitwise_xor.reduce(inside * codes, axis=1), np.uint64(0))
        union = np.bitwise_xor.reduce(code[nodes], axis=1)
        new = np.sort(np.unique(union, return_index=True)[1])
        new = new[~np.isin(union[new], seen)]
        seen = np.concatenate([seen, union[new]])
        parts.append(_of_tree(partition, parents, inside, nodes[new], index, len(trees)))
    fields = [field.name for field in dataclasses.fields(Described)]
    return Described(**{f: np.concatenate([getattr(part, f) for part in parts]) for f in fields})


def _of_tree(
    partition: Partition,
    parents: np.ndarray,
    inside: np.ndarray,
    nodes: np.ndarray,
    index: int,
    num_trees: int,
) -> Described:
    num_nodes, num = inside.shape
    padded = np.concatenate([inside, np.zeros((1, num), bool)])
    members = padded[nodes[:, 0]]
    for column in nodes.T[1:]:
        members |= padded[column]

    boundary = _boundary_sums(partition)
    touching = np.zeros((num, boundary.shape[1]), np.float32)
    np.add.at(touching, partition.first, boundary)
    np.add.at(touching, partition.second, boundary)
    squares = ((partition.colour**2 + partition.deviation**2).sum(axis=1)) * partition.areas
    colours = partition.colour * partition.areas[:, None]
    columns = [partition.areas, partition.border, colours, squares, touching]
    sums = np.column_stack(columns).astype(np.float32)
    node_sums = np.concatenate([inside @ sums, np.zeros((1, sums.shape[1]), np.float32)])
    total = node_sums[nodes].sum(axis=1)
    outline = _outlines(members, partition, boundary)
    node_outline = _outlines(padded, partition, boundary)
    seam = (node_outline[nodes].sum(axis=1) - outline) / 2  # between the parts
    inner = (total[:, 6:] - outline) / 2

    far = np.iinfo(np.int32).max
    corners = [np.where(padded, partition.boxes[:, i], far).min(axis=1) for i in (0, 1)]
    corners += [np.where(padded, partition.boxes[:, i], -1).max(axis=1) for i in (2, 3)]
    low = [corner[nodes].min(axis=1) for corner in corners[:2]]
    high = [corner[nodes].max(axis=1) for corner in corners[2:]]
    boxes = np.stack(low + high, axis=1).astype(np.float32)

    height, width = partition.superpixels.shape
    area, rim, lab, square = total[:, 0], total[:, 1], total[:, 2:5], total[:, 5]
    tall, wide = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    around = outline[:, 0] + rim
    colour = lab / area[:, None]
    spread = np.sqrt(np.maximum(square / area - (colour**2).sum(axis=1), 0))
    columns = [
        np.log(area / (height * width)),
        tall / height,
        wide / width,
        np.log(tall / wide),
        area / (tall * wide),
        around / np.sqrt(area),
        rim / around,
        (boxes[:, 0] + boxes[:, 2]) / (2 * height),
        (boxes[:, 1] + boxes[:, 3]) / (2 * width),
        spread / 50,
        colour / 100,
        outline[:, 1:] / (outline[:, :1] + 1e-6),
        inner[:, 1:] / (inner[:, :1] + 1),
        seam[:, 1:] / np.maximum(seam[:, :1], 1),  # rounding stays small where there is none
        seam[:, 0] / np.sqrt(area),
        *_moments(parents, nodes),
        (nodes < num_nodes).sum(axis=1),
        np.broadcast_to(np.eye(num_trees)[index], (len(nodes), num_trees)),
    ]
    features = np.column_stack(columns).astype(np.float32)
    return Described(members, features, boxes, area.astype(np.float32))


def _boundary_sums(partition: Partition) -> np.ndarray:
    """float32 [E, M + 2]: length, and length times strength and times colour contrast."""
    measured = np.column_stack([partition.strength, partition.contrast / 50])
    lengths = partition.length[:, None]
    return np.column_stack([lengths, measured * lengths]).astype(np.float32)


def _outlines(members: np.ndarray, partition: Partition, boundary: np.ndarray) -> np.ndarray:
    """float32 [N, M + 2]: the boundary sums along every candidate's outline."""
    sums = np.zeros((len(members), boundary.shape[1]), np.float32)
    for start in range(0, len(members), _CHUNK):
        part = np.ascontiguousarray(members[start : start + _CHUNK].T)  # rows are fast to gather
        crossed = part[partition.first] != part[partition.second]
        sums[start : start + _CHUNK] = (boundary.T @ crossed.astype(np.float32)).T
    return sums


def _moments(parents: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When all parts had come to be, and when the first is merged again: log of regions left."""
    num_nodes = parents.size
    num = (num_nodes + 1) // 2
    node = np.arange(num_nodes)
    born = np.where(node < num, num, num_nodes - node)
    merged = np.where(node < num_nodes - 1, num_nodes - parents + 1, 1)
    unused = nodes == num_nodes
    born = np.where(unused, num, np.append(born, num)[nodes]).min(axis=1)
    merged = np.where(unused, 0, np.append(merged, 0)[nodes]).max(axis=1)
    return np.log(born), np.log(merged + 1)
