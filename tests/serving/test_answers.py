"""Large images: masks come of tiles, probabilities are refused."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxsup_tf.errors import InputError
from boxsup_tf.inference.tiling import TILE_SIZE, predict_in_tiles
from tests.serving.talking import as_json, decode_mask, encode

pytest.importorskip("orjson", reason="the server needs the package kserve")
from boxsup_tf.serving.answers import Answers


def ask(saved_model, request: dict[str, Any], **options: float) -> dict[str, Any]:
    return json.loads(Answers(saved_model, **options).answer(json.dumps(request).encode()))


@pytest.fixture(scope="module")
def large(images) -> np.ndarray:
    """uint8, wider than a tile."""
    width = TILE_SIZE + 200
    return np.tile(images[0], [2, width // images[0].shape[1] + 1, 1])[:, :width]


def test_masks_of_large_images_come_of_tiles(saved_model, large):
    request = {
        "signature_name": "serve_masks",
        "instances": [as_json(encode(Image.fromarray(large), "PNG"))],
    }
    answer = ask(saved_model, request)
    expected = predict_in_tiles(lambda tile: saved_model.predict(tile)[0].numpy(), large[None])[0]
    np.testing.assert_array_equal(decode_mask(answer["predictions"][0]), expected)


def test_probabilities_of_too_many_pixels_are_refused(saved_model):
    file = encode(Image.new("RGB", (512, 513)), "PNG")
    request = {"signature_name": "serve_image_bytes", "instances": [as_json(file)] * 2}
    with pytest.raises(InputError, match="525312 pixels: expected at most 524288 in a"):
        ask(saved_model, request)
    other = encode(Image.new("RGB", (5, 5)), "PNG")
    request["instances"][1] = as_json(other)
    with pytest.raises(InputError, match="expected one size in a request, or signature_name"):
        ask(saved_model, request)


def test_base64_must_be_base64(saved_model):
    for text in ("?", base64.b64encode(b"abc").decode()[:-1], 7, None):
        request = {"signature_name": "serve_masks", "instances": [{"b64": text}]}
        with pytest.raises(InputError, match="image 0: expected"):
            ask(saved_model, request)
    with pytest.raises(InputError, match="'extra': expected only inputs, instances"):
        ask(saved_model, {"instances": [1], "extra": 2})


@pytest.mark.parametrize("signature", ["serve_masks", "serve_image_bytes"])
def test_pixels_of_a_request_are_counted_together(saved_model, signature):
    """By their headers: what is behind these ones cannot be decoded."""
    file = encode(Image.new("1", (3000, 2000)), "PNG")[:-20]
    request = {"signature_name": signature, "instances": [as_json(file)] * 4}
    match = "24000000 pixels in 4 images: expected at most 20 megapixels in a request"
    with pytest.raises(InputError, match=match):
        ask(saved_model, request, max_megapixels=20)


def test_many_small_images_are_many_pixels(saved_model):
    file = encode(Image.new("1", (1, 1)), "PNG")
    for signature in ("serve_masks", "serve_image_bytes"):
        request = {"signature_name": signature, "instances": [as_json(file)] * 300}
        with pytest.raises(InputError, match="1228800 pixels in 300 images: expected at most 1 "):
            ask(saved_model, request, max_megapixels=1)
    with pytest.raises(InputError, match="1228800 pixels: expected at most 524288 in a request"):
        ask(saved_model, {"instances": [[[[1, 2, 3]]]] * 300})
