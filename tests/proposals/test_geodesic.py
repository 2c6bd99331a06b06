"""proposals.methods.geodesic: its promises, known objects, photographs."""

import dataclasses

import cv2
import numpy as np
import pytest
from proposal_quality import best_overlaps

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.methods.geodesic import Options, propose
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.example import decode_image
from tests.proposals.promises import check_promises

GRADIENT = Options(edges="gradient")


def _shapes(index: int) -> np.ndarray:
    return decode_image(ShapesReader(index + 1, seed=5)[index].encoded).numpy()


@pytest.mark.parametrize("index", range(3))
def test_pools_of_shapes(index):
    image = _shapes(index)
    pool = propose(ProposalInput(image), GRADIENT)
    check_promises(pool, image.shape, 0.9)
    assert pool.method == "geodesic" and pool.num_candidates > 50
    assert pool.areas.min() >= GRADIENT.min_area


def test_pool_of_a_photograph(shared_data):
    folder = shared_data / "coco_subset" / "VOC2012" / "JPEGImages"
    image = cv2.imread(str(sorted(folder.glob("*.jpg"))[3]))[:, :, ::-1].copy()
    pool = propose(ProposalInput(image), GRADIENT)
    check_promises(pool, image.shape, 0.9)
    assert 1000 < pool.num_candidates <= 5000


def test_boxes_and_chance_have_no_part_in_it():
    image = _shapes(0)
    box = np.array([[3, 3, 9, 9]], np.float32)
    one, other = (
        propose(ProposalInput(image), GRADIENT),
        propose(ProposalInput(image.copy(), box), GRADIENT),
    )
    assert one.pack() == other.pack()


def test_objects_within_an_outline_are_found_inside_and_at_the_border():
    y, x = np.mgrid[:90, :120]
    masks = np.stack(
        [
            (y - 45) ** 2 + (x - 40) ** 2 < 25**2,
            (y > 60) & (x > 90),  # in a corner
            (np.abs(y - 20) < 12) & (np.abs(x - 90) < 9),
        ]
    )
    image = np.full((90, 120, 3), (90, 110, 90))
    for mask, colour in zip(masks, ((200, 40, 40), (40, 60, 210), (220, 220, 80)), strict=True):
        image[mask] = colour
    noise = np.random.default_rng(0).normal(0, 6, image.shape)
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    pool = propose(ProposalInput(image), GRADIENT)
    assert (best_overlaps(pool, masks)[-1] > 0.9).all()


def test_more_seeds_and_levels_give_more_regions_and_the_same_first_one():
    image = _shapes(1)
    pools = [
        propose(ProposalInput(image), dataclasses.replace(GRADIENT, seeds=seeds, levels=levels))
        for seeds, levels in ((5, 2), (50, 2), (50, 9))
    ]
    sizes = [pool.num_candidates for pool in pools]
    assert sizes[0] < sizes[1] < sizes[2]
    for pool in pools[1:]:
        np.testing.assert_array_equal(pool.mask(0), pools[0].mask(0))


def test_the_first_candidates_are_a_choice_of_all():
    whole = propose(ProposalInput(_shapes(1)), GRADIENT)
    few = propose(ProposalInput(_shapes(1)), dataclasses.replace(GRADIENT, max_candidates=20))
    assert few.num_candidates == 20
    np.testing.assert_array_equal(few.membership, whole.membership[:20])


def test_a_large_image_is_looked_at_in_a_smaller_copy():
    image = cv2.resize(_shapes(0), (331, 217), interpolation=cv2.INTER_NEAREST)
    pool = propose(ProposalInput(image), dataclasses.replace(GRADIENT, max_pixels=9000))
    check_promises(pool, image.shape, 0.93)  # enlarging changes areas a little
    assert pool.membership.shape[1] <= 9000 / GRADIENT.min_area


SHAPES = [(1, 1), (1, 9), (9, 1), (3, 3), (40, 50)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("plain", [True, False])
def test_pools_of_awkward_images(shape, plain):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    image = np.full_like(noise, 99) if plain else noise
    for options in (GRADIENT, dataclasses.replace(GRADIENT, min_area=1)):
        pool = propose(ProposalInput(image), options)
        check_promises(pool, image.shape, 0.9)
        if plain:
            assert pool.membership.tolist() == [[True]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"edges": "canny"}, "--edges=canny: expected one of auto, gradient, hed"),
        ({"sigma": 0.0}, "--sigma=0.0"),
        ({"seeds": 0}, "--seeds=0: expected at least 1"),
        ({"levels": 0}, "--levels=0: expected at least 1"),
        ({"max_superpixels": 0}, "--max_superpixels=0"),
    ],
)
def test_a_bad_value_is_named(values, message):
    with pytest.raises(InputError, match=message):
        Options(**{"edges": "gradient", **values})
