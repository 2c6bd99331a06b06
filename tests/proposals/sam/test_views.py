"""proposals.sam.views: answers of several views of an image, as those of the image."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from boxsup_tf.proposals.sam.loading import load
from boxsup_tf.proposals.sam.prompted_model import PromptedModel, mask_of, padded_square
from boxsup_tf.proposals.sam.prompts import prompt
from boxsup_tf.proposals.sam.views import Views
from tests.proposals.sam.tiny_models import SIDE, write_pair

WINDOW = np.array([4, 8, 20, 40])
VIEWS = [((1.0,), True), ((0.5,), False), ((0.5,), True), ((1.0, 0.5, 0.75), True)]


@pytest.fixture
def model(tmp_path) -> PromptedModel:
    """Finds what is bright, beside what it is asked with."""
    return load(write_pair(tmp_path / "model"))


def _image(height: int, width: int) -> np.ndarray:
    """Its upper left is bright."""
    image = np.full((height, width, 3), 20, np.uint8)
    image[: height // 2, : width // 4] = 255
    return image


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def test_the_image_alone_is_the_models_own_answer(model):
    image = _image(48, 64)
    views = Views(model, image, (1.0,), False)
    embedding = model.embed(padded_square(image, SIDE, SIDE))
    asked = prompt(WINDOW, "larger", (48, 64), (48, 64))
    for found, expected in zip(
        views.masks(WINDOW, "larger"), model.masks(embedding, asked), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("size", [(48, 64), (64, 48), (64, 64), (32, 37), (21, 64)])
@pytest.mark.parametrize(("scales", "flip"), VIEWS)
def test_what_is_found_lies_where_it_is(model, size, scales, flip):
    image = _image(*size)
    logits, _ = Views(model, image, scales, flip).single_mask(np.array([0, 0, *size]))
    found = mask_of(logits, SIDE, size)
    # A pixel of the smallest view's answer is eight of the image's.
    assert _iou(found, image[:, :, 0] == 255) > (0.75 if min(scales) == 1 else 0.55)


@pytest.mark.parametrize(("scales", "flip"), VIEWS)
def test_what_is_asked_with_lies_where_it_is(model, scales, flip):
    nothing = np.full((48, 64, 3), 20, np.uint8)
    mask = np.full((16, 16), -10, np.float32)
    mask[2:8, 2:8] = 10
    views = Views(model, nothing, scales, flip)
    logits, _ = views.single_mask(WINDOW, mask)
    assert _iou(logits > 0, mask > 0) > 0.6
    without, _ = views.single_mask(WINDOW)
    assert (without <= 0).all()


def test_several_views_are_averaged(model):
    image = _image(48, 64)
    both = Views(model, image, (1.0, 0.5), False).masks(WINDOW, "box")
    each = [Views(model, image, (scale,), False).masks(WINDOW, "box") for scale in (1.0, 0.5)]
    for found, *parts in zip(both, *each, strict=True):
        np.testing.assert_allclose(found, np.mean(parts, axis=0), rtol=1e-6)
    assert not np.allclose(each[0][0], each[1][0])


def test_the_box_goes_with_the_view(tmp_path):
    """Of a decoder that is told by the corners: what is asked is in the view's own pixels."""
    asked = []

    class Listening:
        side, mask_side, identity = SIDE, SIDE // 4, {}

        def embed(self, square):
            return np.zeros(0)

        def single_mask(self, embedding, asked_with):
            asked.append(asked_with.points.tolist())
            return np.zeros((16, 16), np.float32), 0.5

    Views(Listening(), np.zeros((24, 32, 3), np.uint8), (1.0, 0.5), True).single_mask(
        np.array([2, 4, 12, 10])
    )
    assert asked == [
        [[8, 4], [20, 24]],
        [[44, 4], [56, 24]],
        [[4, 2], [10, 12]],
        [[22, 2], [28, 12]],
    ]
