"""proposals.visualize: contours against a count of outlines, and pictures that can be opened."""

import pathlib

import cv2
import numpy as np
import pytest

from boxsup_tf.data.prepare import prepare
from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.visualize import best_masks, contour_strength, draw_pool, write_pictures
from boxsup_tf.records.dataset_info import DatasetInfo
from boxsup_tf.records.records import add_pool, decode_example, encode_example
from boxsup_tf.records.shards import read_records
from boxsup_tf.records.writer import write_dataset
from tests.supervision.pools import random_pool


def _nothing(height: int, width: int) -> CandidatePool:
    return CandidatePool.from_masks(np.zeros((0, height, width), bool), "none")


@pytest.mark.parametrize("seed", range(3))
def test_a_boundary_is_as_strong_as_the_outlines_along_it_are_many(seed):
    pool = random_pool(np.random.default_rng(seed), 7, 9, 20, 13)
    masks = np.stack([pool.mask(n) for n in range(13)]).astype(int)
    counts = np.zeros((7, 9))
    for y in range(7):
        for x in range(9):
            below = abs(masks[:, y, x] - masks[:, y + 1, x]).sum() if y < 6 else 0
            right = abs(masks[:, y, x] - masks[:, y, x + 1]).sum() if x < 8 else 0
            counts[y, x] = max(below, right)
    np.testing.assert_allclose(contour_strength(pool) ** 2, counts / counts.max(), rtol=1e-6)


def test_contours_of_pools_without_any():
    for pool in (_nothing(5, 6), CandidatePool.from_masks(np.ones((1, 5, 6), bool), "whole")):
        assert not contour_strength(pool).any()
    assert contour_strength(_nothing(1, 1)).tolist() == [[0]]


def test_the_candidate_that_fits_a_box_is_shown_inside_it():
    masks = np.zeros((3, 10, 12), bool)
    masks[0, 1:5, 1:5] = True
    masks[1, 4:10, 5:12] = True
    masks[2] = True
    boxes = np.array([[1, 1, 5, 6], [5, 6, 10, 12]], np.float32)
    first, second = best_masks(CandidatePool.from_masks(masks, "hand-made"), boxes)
    np.testing.assert_array_equal(first, masks[0])
    assert second.sum() == 5 * 6 and second[5:10, 6:12].all()
    own = CandidatePool.from_masks(masks[[1, 0]], "own", one_per_box=True)
    assert [mask.sum() for mask in best_masks(own, boxes)] == [1, 0]
    assert [mask.sum() for mask in best_masks(_nothing(10, 12), boxes)] == [20, 30]
    assert best_masks(own, boxes[:0]) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (900, 1300), (40, 30)])
def test_three_panels_of_any_image(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    pool = CandidatePool.from_masks(np.ones((1, *size), bool), "whole")
    box = np.array([[0, 0, *size]], np.float32)
    for boxes in (box, box[:0]):
        picture = draw_pool(image, pool, boxes)
        height = max(round(size[0] * 640 / max(size)), 1)
        assert height < picture.shape[0] < height + 120  # headings and captions
        assert picture.shape[1:] == (3 * 640 + 4 * 8, 3)


def test_pictures_of_the_first_images(tmp_path):
    prepare(ShapesReader(3, seed=1, image_size=64), str(tmp_path / "in"), 2)
    with pytest.raises(InputError, match="in: .* has no candidate pool"):
        write_pictures(str(tmp_path / "in"), 1)
    examples = [decode_example(record) for record in read_records(str(tmp_path / "in"))]

    def make_records(indices: range) -> list[bytes]:
        pools = [CandidatePool.from_masks(examples[i].mask[None] > 0, "truth") for i in indices]
        encoded = [encode_example(examples[i], ShapesReader.class_names) for i in indices]
        return [add_pool(example, pool) for example, pool in zip(encoded, pools, strict=True)]

    info = DatasetInfo({"dataset": "test"}, ShapesReader.class_names, 2)
    write_dataset(str(tmp_path / "out"), info, 3, make_records, "write")
    paths = write_pictures(str(tmp_path / "out"), 2)
    expected = [tmp_path / "out" / "pictures" / f"{e.source_id}.png" for e in examples[:2]]
    assert [pathlib.Path(path) for path in paths] == expected
    for path, example in zip(paths, examples, strict=False):
        picture = cv2.imread(path)
        height = example.height * 640 / max(example.height, example.width)
        assert height < picture.shape[0] < height + 120 and picture.shape[1] == 3 * 640 + 4 * 8
    assert len(write_pictures(str(tmp_path / "out"), 10)) == 3
