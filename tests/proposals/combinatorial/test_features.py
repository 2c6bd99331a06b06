"""combinatorial.features against measures taken from the pixels of one candidate at a time."""

import cv2
import numpy as np
import pytest

from boxsup_tf.boxes import tight_box_yxyx
from boxsup_tf.proposals.combinatorial import features, merging
from boxsup_tf.proposals.combinatorial.features import describe
from boxsup_tf.proposals.combinatorial.partition import build_partition
from boxsup_tf.proposals.combinatorial.tuples import combine
from tests.proposals.combinatorial.made_up import make_partition, make_superpixels, row

HEIGHT, WIDTH = 15, 20


class Pixels:
    """An image, and what a candidate looks like in it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.superpixels = make_superpixels(seed, HEIGHT, WIDTH, 5)
        image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        edges = rng.random((2, HEIGHT, WIDTH), np.float32)
        self.partition = build_partition(self.superpixels, image, edges)
        self.lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        means = self.partition.colour[self.superpixels]
        right = (edges[:, :, :-1] + edges[:, :, 1:]) / 2
        down = (edges[:, :-1] + edges[:, 1:]) / 2
        right_contrast = np.linalg.norm(means[:, :-1] - means[:, 1:], axis=2) / 50
        down_contrast = np.linalg.norm(means[:-1] - means[1:], axis=2) / 50
        # Of every pair of neighbours: both strengths and the contrast.
        self._strength = np.concatenate(
            [
                np.concatenate([right, right_contrast[None]]).reshape(3, -1),
                np.concatenate([down, down_contrast[None]]).reshape(3, -1),
            ],
            axis=1,
        )

    def _pairs(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values of both pixels of every pair of neighbours."""
        one = np.concatenate([values[:, :-1].ravel(), values[:-1].ravel()])
        other = np.concatenate([values[:, 1:].ravel(), values[1:].ravel()])
        return one, other

    def describe(self, parts: list[np.ndarray], moments: tuple[int, int], tree: int) -> list:
        """The features of the union of `parts`, bool [H, W] each."""
        mask = np.logical_or.reduce(parts)
        owner = np.zeros(mask.shape, int)
        for number, part in enumerate(parts, 1):
            owner[part] = number
        one, other = self._pairs(mask)
        one_part, other_part = self._pairs(owner)
        different = np.not_equal(*self._pairs(self.superpixels))
        outline, inner = one != other, one & other & different
        seam = (one_part != other_part) & one & other
        rim = mask[0].sum() + mask[-1].sum() + mask[:, 0].sum() + mask[:, -1].sum()
        top, left, bottom, right = tight_box_yxyx(mask)
        tall, wide, area = bottom - top, right - left, mask.sum()
        around = outline.sum() + rim
        inside = self.lab[mask].astype(np.float64)
        return [
            np.log(area / mask.size),
            tall / HEIGHT,
            wide / WIDTH,
            np.log(tall / wide),
            area / (tall * wide),
            around / np.sqrt(area),
            rim / around,
            (top + bottom) / 2 / HEIGHT,
            (left + right) / 2 / WIDTH,
            np.sqrt(inside.var(axis=0).sum()) / 50,
            *inside.mean(axis=0) / 100,
            *(self._strength[:, outline].mean(axis=1) if outline.any() else np.zeros(3)),
            *self._strength[:, inner].sum(axis=1) / (inner.sum() + 1),
            *(self._strength[:, seam].mean(axis=1) if seam.any() else np.zeros(3)),
            seam.sum() / np.sqrt(area),
            np.log(moments[0]),
            np.log(moments[1] + 1),
            len(parts),
            *(tree == 0, tree == 1),
        ]


def _moments(parents: np.ndarray, nodes: list[int]) -> tuple[int, int]:
    """Regions left when the last of the nodes came to be, and just before one is merged."""
    num = (parents.size + 1) // 2
    born = [num if node < num else 2 * num - 1 - node for node in nodes]
    ended = [1 if node == parents.size - 1 else 2 * num - parents[node] for node in nodes]
    return min(born), max(ended)


@pytest.mark.parametrize("seed", [0, 2])
def test_features_are_those_of_the_pixels(seed):
    pixels = Pixels(seed)
    partition = pixels.partition
    trees = [
        merging.by_strength(partition, partition.strength[:, 0]),
        merging.by_colour(partition),
    ]
    adjacent = np.stack([partition.first, partition.second], axis=1)
    combinations = [combine(tree, adjacent, (20, 10, 5)) for tree in trees]
    described = describe(partition, trees, combinations)

    seen, expected, boxes, masks = set(), [], [], []
    for index, (parents, tuples) in enumerate(zip(trees, combinations, strict=True)):
        regions = merging.node_members(parents)[:, pixels.superpixels]
        for row_of_nodes in tuples.tolist():
            nodes = [node for node in row_of_nodes if node < parents.size]
            mask = np.logical_or.reduce([regions[node] for node in nodes])
            if mask.tobytes() in seen:
                continue
            seen.add(mask.tobytes())
            parts = [regions[node] for node in nodes]
            expected.append(pixels.describe(parts, _moments(parents, nodes), index))
            boxes.append(tight_box_yxyx(mask))
            masks.append(mask)
    assert len(masks) > 40 and {mask.all() for mask in masks} == {False, True}
    # No region is lost and none occurs twice, though many unite from several combinations.
    np.testing.assert_array_equal(described.members[:, pixels.superpixels], masks)
    assert sum(map(len, combinations)) > 1.2 * len(masks)
    np.testing.assert_array_equal(described.boxes, boxes)
    np.testing.assert_array_equal(described.areas, [mask.sum() for mask in masks])
    assert (described.features.dtype, described.boxes.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(described.features, expected, rtol=1e-4, atol=1e-4)


def test_pieces_of_the_table_do_not_matter(monkeypatch):
    partition = make_partition(2)
    trees = [merging.by_strength(partition, partition.strength[:, 0])]
    adjacent = np.stack([partition.first, partition.second], axis=1)
    combinations = [combine(trees[0], adjacent)]
    whole = describe(partition, trees, combinations)
    monkeypatch.setattr(features, "_CHUNK", 7)
    pieces = describe(partition, trees, combinations)
    np.testing.assert_array_equal(whole.members, pieces.members)
    np.testing.assert_allclose(whole.features, pieces.features, atol=1e-5)


@pytest.mark.parametrize("num", [1, 2])
def test_one_and_two_superpixels_have_features(num):
    partition = row([3] * num, [0.5] * (num - 1), 2)
    tree = merging.by_strength(partition, partition.strength[:, 0])
    adjacent = np.stack([partition.first, partition.second], axis=1)
    combinations = combine(tree, adjacent)
    # Of the second tree every region is known already.
    described = describe(partition, [tree, tree], [combinations, combinations])
    assert described.members.tolist() == merging.node_members(tree).tolist()
    assert np.isfinite(described.features).all()
