"""proposals.methods.selective_search: its promises, known objects, photographs."""

import dataclasses

import cv2
import numpy as np
import pytest
from PIL import Image
from proposal_quality import best_overlaps

from boxsup_tf.data.shapes import ShapesReader
from boxsup_tf.errors import InputError
from boxsup_tf.proposals.methods.selective_search import Options, propose
from boxsup_tf.proposals.proposal_input import ProposalInput
from boxsup_tf.records.example import decode_image
from tests.proposals.promises import check_promises

SMALL = Options(segmentations=("lab:30", "hsv:30"), min_area=10)


def _shapes(index: int) -> np.ndarray:
    return decode_image(ShapesReader(index + 1, seed=5)[index].encoded).numpy()


@pytest.mark.parametrize("index", range(3))
def test_pools_of_shapes(index):
    image = _shapes(index)
    pool = propose(ProposalInput(image), SMALL)
    check_promises(pool, image.shape, 0.95)
    assert pool.method == "selective_search" and pool.num_candidates > 30
    columns = {column.tobytes() for column in pool.membership.T}
    assert len(columns) == pool.membership.shape[1], "more superpixels than needed"


def test_pool_of_a_photograph(shared_data):
    folder = shared_data / "coco_subset" / "VOC2012" / "JPEGImages"
    image = cv2.imread(str(sorted(folder.glob("*.jpg"))[3]))[:, :, ::-1].copy()
    pool = propose(ProposalInput(image), Options())
    check_promises(pool, image.shape, 0.95)
    assert 500 < pool.num_candidates <= 5000


def test_boxes_and_chance_have_no_part_in_it():
    image = _shapes(0)
    box = np.array([[3, 3, 9, 9]], np.float32)
    one, other = (
        propose(ProposalInput(image), SMALL),
        propose(ProposalInput(image.copy(), box), SMALL),
    )
    assert one.pack() == other.pack()


def _scene() -> tuple[np.ndarray, np.ndarray]:
    """Noisy ground, a disc of two halves of unlike colours, and a plain square."""
    y, x = np.mgrid[:90, :120]
    disc = (y - 45) ** 2 + (x - 40) ** 2 < 25**2
    masks = np.stack([disc, disc & (x < 40), disc & (x >= 40), (y > 60) & (x > 90)])
    image = np.full((90, 120, 3), (90, 110, 90))
    for mask, colour in zip(masks[1:], ((200, 40, 40), (180, 60, 160), (40, 60, 210)), strict=True):
        image[mask] = colour
    noise = np.random.default_rng(0).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), masks


def test_objects_of_one_colour_and_of_two_are_found():
    image, masks = _scene()
    pool = propose(ProposalInput(image), Options())
    assert (best_overlaps(pool, masks)[-1] > 0.95).all()


def test_every_similarity_alone_finds_objects_of_one_colour():
    image, masks = _scene()
    for similarity in ("colour", "texture", "size", "fill"):
        options = dataclasses.replace(SMALL, similarities=(similarity,))
        assert (best_overlaps(propose(ProposalInput(image), options), masks[1:])[-1] > 0.9).all()


def test_more_groupings_find_more_of_photographs(shared_data):
    folder = shared_data / "coco_subset" / "VOC2012"
    few = Options(segmentations=("hsv:200",), similarities=("fill",))
    best = []
    for path in sorted((folder / "SegmentationObject").glob("*.png"))[3:6]:
        objects = np.array(Image.open(path))
        numbers, counts = np.unique(objects, return_counts=True)
        large = numbers[(counts >= 400) & (numbers > 0) & (numbers < 255)]
        masks = objects == large[:, None, None]
        image = np.array(Image.open(folder / "JPEGImages" / f"{path.stem}.jpg").convert("RGB"))
        pools = [propose(ProposalInput(image), options) for options in (few, Options())]
        best.append([best_overlaps(pool, masks)[-1] for pool in pools])
    few_best, more_best = np.concatenate(best, axis=1)
    assert (more_best > few_best - 0.05).all()
    assert more_best.mean() > few_best.mean() + 0.08


def test_the_first_candidates_are_a_choice_of_all():
    whole = propose(ProposalInput(_shapes(1)), SMALL)
    for most in (1, 20, 50):
        few = propose(ProposalInput(_shapes(1)), dataclasses.replace(SMALL, max_candidates=most))
        assert few.num_candidates == most
        for candidate in range(most):
            np.testing.assert_array_equal(few.mask(candidate), whole.mask(candidate))


def test_a_large_image_is_looked_at_in_a_smaller_copy():
    image = cv2.resize(_shapes(0), (331, 217), interpolation=cv2.INTER_NEAREST)
    options = dataclasses.replace(SMALL, max_pixels=5000)
    pool = propose(ProposalInput(image), options)
    check_promises(pool, image.shape, 0.97)  # enlarging changes areas a little
    small = cv2.resize(image, (87, 57), interpolation=cv2.INTER_AREA)
    expected = propose(ProposalInput(small), options)
    np.testing.assert_array_equal(pool.membership, expected.membership)


IMAGES = {
    "one pixel": (1, 1),
    "a row": (1, 9),
    "a column": (9, 1),
    "tiny": (3, 3),
    "small": (40, 50),
}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("plain", [True, False])
def test_pools_of_awkward_images(name, plain):
    noise = np.random.default_rng(0).integers(0, 256, (*IMAGES[name], 3), np.uint8)
    image = np.full_like(noise, 99) if plain else noise
    for options in (Options(), dataclasses.replace(SMALL, min_area=1)):
        pool = propose(ProposalInput(image), options)
        check_promises(pool, image.shape, 0.95)
        if plain or name != "small":
            assert pool.membership.tolist() == [[True]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"segmentations": ()}, "--segmentations=: expected some of grey, hsv"),
        ({"segmentations": ("lab:100", "luv:100")}, "--segmentations=lab:100,luv:100: expected"),
        ({"segmentations": ("lab",)}, "--segmentations=lab: "),
        ({"segmentations": ("lab:0",)}, "--segmentations=lab:0: "),
        ({"segmentations": ("lab:1.5",)}, "--segmentations=lab:1.5: "),
        ({"segmentations": ("lab:-3",)}, "--segmentations=lab:-3: "),
        ({"similarities": ()}, "--similarities=: expected sums of colour, texture, size, fill"),
        ({"similarities": ("fill", "size+shape")}, "--similarities=fill,size.shape: expected"),
        ({"min_area": 0}, "--min_area=0: expected at least 1"),
        ({"max_candidates": 0}, "--max_candidates=0: "),
        ({"max_pixels": -1}, "--max_pixels=-1: "),
    ],
)
def test_a_bad_value_is_named(values, message):
    with pytest.raises(InputError, match=message):
        Options(**values)
