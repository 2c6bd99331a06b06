"""combinatorial.grouping: pools of generated images and of photographs keep their promises."""

import dataclasses

import cv2
import numpy as np
import pytest

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.combinatorial.grouping import (
    GroupingOptions,
    group,
    grow_trees,
    propose_candidates,
)
from boxsup_tf.proposals.edges import gradient
from boxsup_tf.records.example import decode_image
from tests.proposals.combinatorial.made_up import make_partition, num_features, random_ranker
from tests.proposals.combinatorial.pool_checks import check_pool

OPTIONS = GroupingOptions("gradient", max_superpixels=300, max_candidates=1000)
NUM_TREES = {4: 7, 1: 1}
RANKERS = {maps: random_ranker(num_features(maps, trees)) for maps, trees in NUM_TREES.items()}


def _pool(image: np.ndarray, num_maps: int, options: GroupingOptions = OPTIONS) -> CandidatePool:
    maps = gradient.detect_scales(image)[:num_maps]
    return group(image, maps, options, RANKERS[num_maps], "made up")


@pytest.mark.parametrize("num_maps", [1, 4])
@pytest.mark.parametrize("index", range(3))
def test_pools_of_shapes(index, num_maps):
    image = decode_image(ShapesReader(3, seed=5)[index].encoded).numpy()
    pool = _pool(image, num_maps)
    check_pool(pool, image.shape[:2])
    assert pool.method == "made up"
    assert 100 < pool.num_candidates <= OPTIONS.max_candidates
    assert pool.membership.shape[1] <= OPTIONS.max_superpixels
    assert pool.areas.min() >= OPTIONS.min_area
    assert _pool(image.copy(), num_maps).pack() == pool.pack()


def test_a_pool_of_a_photograph(shared_data):
    folder = shared_data / "coco_subset" / "VOC2012" / "JPEGImages"
    image = cv2.imread(str(sorted(folder.glob("*.jpg"))[0]))[:, :, ::-1].copy()
    options = dataclasses.replace(OPTIONS, max_superpixels=500, max_candidates=2000)
    pool = _pool(image, 4, options)
    check_pool(pool, image.shape[:2])
    assert 1500 < pool.num_candidates <= 2000


def test_a_smaller_pool_is_the_beginning_of_a_larger_one():
    image = decode_image(ShapesReader(1, seed=6)[0].encoded).numpy()
    large = _pool(image, 4)
    for most in (1, 10, 200):
        small = _pool(image, 4, dataclasses.replace(OPTIONS, max_candidates=most))
        assert 0.7 * most <= small.num_candidates <= most
        np.testing.assert_array_equal(small.superpixels, large.superpixels)
        np.testing.assert_array_equal(small.membership, large.membership[: small.num_candidates])


def _ramp(height: int, width: int) -> np.ndarray:
    ramp = np.linspace(0, 255, height * width).reshape(height, width)
    return ramp[:, :, None].repeat(3, axis=2).astype(np.uint8)


IMAGES = {
    "one pixel": np.full((1, 1, 3), 7, np.uint8),
    "a row": np.random.default_rng(0).integers(0, 256, (1, 9, 3), np.uint8),
    "a column": np.random.default_rng(0).integers(0, 256, (9, 1, 3), np.uint8),
    "constant": np.full((30, 40, 3), 99, np.uint8),
    "a grey ramp": _ramp(40, 50),
    "noise": np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8),
    "grey noise": np.random.default_rng(0).integers(0, 256, (50, 60, 1), np.uint8).repeat(3, 2),
    "one bit": np.random.default_rng(0).integers(0, 2, (40, 50, 1), np.uint8).repeat(3, 2) * 255,
}


@pytest.mark.parametrize("num_maps", [1, 4])
@pytest.mark.parametrize("min_area", [1, 30])
@pytest.mark.parametrize("name", IMAGES)
def test_pools_of_awkward_images(name, min_area, num_maps):
    image = IMAGES[name]
    pool = _pool(image, num_maps, dataclasses.replace(OPTIONS, min_area=min_area))
    check_pool(pool, image.shape[:2])
    assert pool.areas.min() >= min(min_area, image.shape[0] * image.shape[1])
    nothing_to_part = name in ("one pixel", "constant") or pool.superpixels.size < min_area
    assert (pool.membership.tolist() == [[True]]) == nothing_to_part


def test_candidates_of_all_trees_are_there_once():
    image = decode_image(ShapesReader(1, seed=7)[0].encoded).numpy()
    maps = gradient.detect_scales(image)
    sizes = []
    for num_maps in (1, 4):
        partition, candidates = propose_candidates(image, maps[:num_maps], OPTIONS)
        members = candidates.members
        assert members.shape[1] == partition.num_superpixels == partition.superpixels.max() + 1
        assert len(np.unique(np.packbits(members, axis=1), axis=0)) == len(members)
        sizes.append(len(members))
    assert sizes[1] > 3 * sizes[0]


def test_one_map_makes_one_tree_and_four_make_seven():
    for num_maps, num_trees in NUM_TREES.items():
        partition = make_partition(1, num_maps=num_maps)
        trees = grow_trees(partition)
        assert len(trees) == num_trees
        assert len({tree.tobytes() for tree in trees}) == num_trees
